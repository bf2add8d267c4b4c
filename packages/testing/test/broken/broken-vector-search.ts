import type { VectorStore } from "@fabra/core"
import {
  type IndexSchema,
  matchesMetadata,
  type VectorDocument,
  type VectorHit,
  type VectorQuery,
} from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { type BrokenVectors, PassingVectors } from "./passing-vectors.js"

type Search = (query: VectorQuery) => Promise<VectorHit[]>

/** Searches in a way of its own, by means of the right one. */
function searching(search: (right: Search, query: VectorQuery, index: IndexSchema) => Promise<VectorHit[]>) {
  return class extends PassingVectors {
    override search(index: IndexSchema, query: VectorQuery): Promise<VectorHit[]> {
      return search((other) => super.search(index, other), query, index)
    }
  }
}

/** Takes every schema for another. */
function knowing(change: (schema: IndexSchema) => IndexSchema) {
  return class extends PassingVectors {
    override migrate(indexes: readonly IndexSchema[]) {
      return super.migrate(indexes.map(change))
    }
    override find(index: IndexSchema, ids: readonly string[]) {
      return super.find(change(index), ids)
    }
    override upsert(index: IndexSchema, documents: readonly VectorDocument[]) {
      return super.upsert(change(index), documents)
    }
    override remove(index: IndexSchema, removals: Parameters<VectorStore["remove"]>[1]) {
      return super.remove(change(index), removals)
    }
    override search(index: IndexSchema, query: VectorQuery) {
      return super.search(change(index), query)
    }
  }
}

/** Claims what it does not do. */
class ClaimsToBeShared extends PassingVectors {
  override readonly capabilities = { ...this.inner.capabilities, shared: true, persistent: true }
}

class ClaimsToMigrate extends PassingVectors {
  override readonly capabilities = { ...this.inner.capabilities, migrates: true }
}

class AlwaysSaysItMigrates extends PassingVectors {
  override async migrate(indexes: readonly IndexSchema[]) {
    await super.migrate(indexes)
    return indexes.map(({ name }) => `Made the index "${name}".`)
  }
}

class ClosesOnce extends PassingVectors {
  #isClosed = false
  override async close() {
    if (this.#isClosed) throw new FabraError("vector_unavailable", "It is closed.")
    this.#isClosed = true
  }
}

class CutsVectors extends PassingVectors {
  override upsert(index: IndexSchema, documents: readonly VectorDocument[]) {
    const cut = (vector: Float32Array) => Float32Array.from({ length: index.dimensions }, (_, i) => vector[i] ?? 0)
    const changed = documents.map((document) => ({
      ...document,
      chunks: document.chunks?.map((chunk) => ({ ...chunk, vector: cut(chunk.vector) })) ?? null,
    }))
    return super.upsert(index, changed)
  }
}

/** Faults of searching, of indexes and of what is claimed. */
export const brokenSearches: readonly BrokenVectors[] = [
  {
    fault: "gives the worst first",
    Store: searching(async (right, query) => (await right({ ...query, topK: 1000 })).reverse().slice(0, query.topK)),
    breaks: ["ranks and scores by cosine", "gives the best ones and no more than are asked for"],
  },
  {
    fault: "gives one too many",
    Store: searching((right, query) => right({ ...query, topK: query.topK + 1 })),
    breaks: ["gives the best ones and no more than are asked for"],
  },
  {
    fault: "finds no more than it looks at",
    Store: searching((right, query) => right({ ...query, topK: Math.min(query.topK, query.efSearch ?? 1000) })),
    breaks: ["gives the best ones and no more than are asked for"],
  },
  {
    fault: "gives distances for scores",
    Store: searching(async (right, query) => (await right(query)).map((hit) => ({ ...hit, score: 1 - hit.score }))),
    breaks: ["ranks and scores by cosine", "ranks and scores by l2", "ranks and scores by inner_product"],
  },
  {
    fault: "measures every index by its angle",
    Store: knowing((schema) => ({ ...schema, metric: "cosine" })),
    breaks: ["ranks and scores by l2", "ranks and scores by inner_product"],
  },
  {
    fault: "finds one chunk of a document",
    Store: searching(async (right, query) => {
      const seen = new Set<string>()
      const hits = await right(query)
      return hits.filter(({ entityId }) => !seen.has(entityId) && seen.add(entityId))
    }),
    breaks: ["finds several chunks of one document, each with its place"],
  },
  {
    fault: "filters what it has found",
    Store: searching(async (right, query) => {
      const hits = await right({ ...query, filter: null })
      return hits.filter(({ metadata }) => query.filter === null || matchesMetadata(metadata, query.filter))
    }),
    breaks: ["filters by vector, by text and fused, before it counts to topK"],
  },
  {
    fault: "takes what is not there for unknown",
    Store: searching(async (right, query) => {
      const hits = await right(query)
      const { filter } = query
      if (filter?.op !== "not" || !("field" in filter.node)) return hits
      const { field } = filter.node
      return hits.filter(({ metadata }) => Object.hasOwn(metadata, field))
    }),
    breaks: ["finds by filter what the filter means"],
  },
  {
    fault: "wants every word",
    Store: searching(async (right, query) => {
      const hits = await right(query)
      if (query.text === null || query.vector !== null) return hits
      const words = query.text.toLowerCase().split(" ")
      return hits.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)))
    }),
    breaks: ["finds the words of a text, any of them, and nothing else"],
  },
  {
    fault: "puts one list after the other",
    Store: searching(async (right, query) => {
      if (query.text === null || query.vector === null) return right(query)
      const lists = await Promise.all([right({ ...query, text: null }), right({ ...query, vector: null })])
      return lists.flat().slice(0, query.topK)
    }),
    breaks: ["fuses the ranks of both, so that what both find comes first"],
  },
  {
    fault: "cuts vectors to length",
    Store: CutsVectors,
    breaks: ["refuses a vector of another length, and writes nothing of that call"],
  },
  {
    fault: "knows indexes whatever the case",
    Store: knowing((schema) => ({ ...schema, name: schema.name.toLowerCase() })),
    breaks: ["keeps indexes apart"],
  },
  {
    fault: "does not ask which embedder",
    Store: knowing((schema) => ({ ...schema, embedder: "any" })),
    breaks: ["refuses an index that was made with another embedder"],
  },
  {
    fault: "does not ask which language",
    Store: knowing((schema) => ({ ...schema, language: "any" })),
    breaks: ["refuses an index that was made with another language"],
  },
  {
    fault: "makes everything anew at each migration",
    Store: AlwaysSaysItMigrates,
    breaks: ["makes an index once, and says what it does"],
  },
  {
    fault: "claims to migrate",
    Store: ClaimsToMigrate,
    breaks: ["must be migrated before it is used if it claims so, and only then"],
  },
  {
    fault: "claims to be shared",
    Store: ClaimsToBeShared,
    breaks: [
      "can be used by other clients if it claims so, and only then",
      "keeps documents when the client that wrote them goes, if it is shared and persistent",
    ],
  },
  { fault: "can be closed once", Store: ClosesOnce, breaks: ["closes once, however often it is asked"] },
]
