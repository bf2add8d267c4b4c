import type { DocumentRemoval, DocumentState, DocumentWrite, IndexSchema, VectorDocument } from "@fabra/core/adapter"
import { type BrokenVectors, PassingVectors } from "./passing-vectors.js"

/** Writes other documents than it was given. */
function writing(change: (document: VectorDocument, before: DocumentState | undefined) => VectorDocument) {
  return class extends PassingVectors {
    override async upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
      const ids = documents.map(({ entityId }) => entityId)
      const states = await super.find(index, ids)
      return super.upsert(
        index,
        documents.map((document, i) => change(document, states[i])),
      )
    }
  }
}

/** Finds other states than there are. */
function finding(change: (state: DocumentState) => DocumentState | undefined) {
  return class extends PassingVectors {
    override async find(index: IndexSchema, entityIds: readonly string[]): Promise<(DocumentState | undefined)[]> {
      return (await super.find(index, entityIds)).map((state) => state && change(state))
    }
  }
}

/** Compares before it writes, and somebody else may write in between. */
class ComparesTooEarly extends PassingVectors {
  override async upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    const states = await super.find(
      index,
      documents.map(({ entityId }) => entityId),
    )
    await new Promise(setImmediate)
    const fresh = documents.filter(({ version }, i) => {
      const { position } = states[i]?.version ?? {}
      return version === null || position === undefined || position <= version.position
    })
    await super.upsert(
      index,
      fresh.map((document) => ({ ...document, version: null })),
    )
    return documents.map((document) => (fresh.includes(document) ? "applied" : "stale"))
  }
}

/** Takes the old chunks out first and puts the new ones in then. */
class WritesInTwoSteps extends PassingVectors {
  override async upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    if (documents.length !== 1) return super.upsert(index, documents)
    const [document] = documents as [VectorDocument]
    const [write] = await super.upsert(index, [{ ...document, chunks: document.chunks?.slice(0, 1) ?? null }])
    await new Promise((resolve) => setTimeout(resolve, 1))
    return write === "applied" ? super.upsert(index, documents) : [write as DocumentWrite]
  }
}

/** Leaves the chunks that a longer text had. */
class LeavesChunks extends PassingVectors {
  readonly #kept = new Map<string, VectorDocument>()
  override upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    const merged = documents.map((document) => {
      const old = this.#kept.get(document.entityId)?.chunks ?? []
      const chunks = document.chunks && [...document.chunks, ...old.slice(document.chunks.length)]
      const all = { ...document, chunks }
      this.#kept.set(document.entityId, all)
      return all
    })
    return super.upsert(index, merged)
  }
}

class ForgetsRemoved extends PassingVectors {
  override async remove(index: IndexSchema, removals: readonly DocumentRemoval[]): Promise<DocumentWrite[]> {
    const states = await super.find(
      index,
      removals.map(({ entityId }) => entityId),
    )
    const there = removals.filter((_, i) => states[i] !== undefined)
    await super.remove(index, there)
    return removals.map(() => "applied")
  }
}

class RemovesWithoutVersion extends PassingVectors {
  override remove(index: IndexSchema, removals: readonly DocumentRemoval[]): Promise<DocumentWrite[]> {
    return super.remove(
      index,
      removals.map((removal) => ({ ...removal, version: null })),
    )
  }
}

class AnswersForApplied extends PassingVectors {
  override async upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    return (await super.upsert(index, documents)).filter((write) => write === "applied")
  }
}

class KeepsAnyChunks extends PassingVectors {
  override async upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    const states = await super.find(
      index,
      documents.map(({ entityId }) => entityId),
    )
    return super.upsert(
      index,
      documents.map((document, i) => {
        const hash = states[i]?.contentHash
        return document.chunks === null && hash ? { ...document, contentHash: hash } : document
      }),
    )
  }
}

/** Keeps what it was handed. */
class KeepsWhatItWasHanded extends PassingVectors {
  #late: (() => Promise<unknown>) | undefined
  override async upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    await this.#late?.()
    this.#late = () => super.upsert(index, documents)
    return super.upsert(index, documents)
  }
  override async search(...args: Parameters<PassingVectors["search"]>) {
    await this.#late?.()
    return super.search(...args)
  }
}

const withPosition = (version: VectorDocument["version"], change: (position: string) => string) =>
  version && { ...version, position: change(version.position) }

/** Faults of writing. */
export const brokenWrites: readonly BrokenVectors[] = [
  {
    fault: "lets the last one to come win",
    Store: writing((document) => ({ ...document, version: null })),
    breaks: ["lets no earlier event overwrite a later one", "does not bring back what a later event has removed"],
  },
  {
    fault: "refuses the same event",
    Store: writing((document, before) => {
      const isSame = before?.version?.position === document.version?.position
      return isSame ? { ...document, version: withPosition(document.version, () => "") } : document
    }),
    breaks: ["takes the same event again"],
  },
  {
    fault: "compares positions as numbers",
    Store: writing((document) => ({
      ...document,
      version: withPosition(document.version, (position) => String(Number.parseInt(position, 10)).padStart(12, "0")),
    })),
    breaks: ["compares positions as text, by code points"],
  },
  {
    fault: "compares positions of all sources",
    Store: writing((document) => ({ ...document, version: document.version && { ...document.version, source: "" } })),
    breaks: ["compares no positions of different sources"],
  },
  {
    fault: "forgets the last event at a direct write",
    Store: writing((document, before) =>
      before?.writtenDirectly && before.version?.position === document.version?.position
        ? { ...document, version: null }
        : document,
    ),
    breaks: ["accepts any direct write, and remembers the last event"],
  },
  {
    fault: "compares before it writes",
    Store: ComparesTooEarly,
    breaks: ["lets the latest of many events stand, in whatever order they come"],
  },
  {
    fault: "writes in two steps",
    Store: WritesInTwoSteps,
    breaks: ["shows readers a whole document or none of it"],
  },
  {
    fault: "leaves chunks of a longer text",
    Store: LeavesChunks,
    breaks: ["leaves nothing of an earlier text, whether it was longer or shorter"],
  },
  {
    fault: "notes no removal of what is not there",
    Store: ForgetsRemoved,
    breaks: ["does not bring back what a later event has removed"],
  },
  {
    fault: "removes without looking at the order",
    Store: RemovesWithoutVersion,
    breaks: ["lets no earlier event overwrite a later one", "removes many documents at once"],
  },
  {
    fault: "shows no removed documents",
    Store: finding((state) => (state.contentHash === null ? undefined : state)),
    breaks: ["takes a document out"],
  },
  {
    fault: "answers only for what it has written",
    Store: AnswersForApplied,
    breaks: ["writes many documents at once, judges each alone and answers in order"],
  },
  {
    fault: "keeps any chunks when it is told to keep some",
    Store: KeepsAnyChunks,
    breaks: ["keeps no chunks but those of the text that is meant"],
  },
  {
    fault: "keeps the old metadata with the old chunks",
    Store: writing((document) => (document.chunks === null ? { ...document, metadata: { v: 1 } } : document)),
    breaks: ["keeps chunks where it is told to, and moves everything else on"],
  },
  {
    fault: "keeps what it was handed",
    Store: KeepsWhatItWasHanded,
    breaks: ["does not see what callers do later to what they passed in or were given"],
  },
  {
    fault: "takes no event time for zero",
    Store: writing((document) => ({ ...document, eventTime: document.eventTime ?? 0 })),
    breaks: ["tells no event time from zero"],
  },
  {
    fault: "trims ids",
    Store: writing((document) => ({ ...document, entityId: document.entityId.trim() || "x" })),
    breaks: ["keeps documents of odd ids apart"],
  },
  {
    fault: "drops NUL from texts",
    Store: writing((document) => ({
      ...document,
      chunks: document.chunks?.map((chunk) => ({ ...chunk, text: chunk.text.replaceAll("\0", "") })) ?? null,
    })),
    breaks: ["keeps texts to the letter"],
  },
  {
    fault: "keeps metadata in a plain object",
    Store: writing((document) => {
      const metadata: Record<string, unknown> = {}
      for (const [field, value] of Object.entries(document.metadata)) metadata[field] = value
      return { ...document, metadata: metadata as VectorDocument["metadata"] }
    }),
    breaks: ["keeps metadata fields of odd names apart"],
  },
]
