import { createHash } from "node:crypto"
import { FabraError } from "@fabra/events"
import { checkWhole, hashEntityId, show } from "@fabra/events/adapter"
import type { FeatureCache } from "../cache/cache.js"
import { newToken } from "../cache/token.js"
import { decodeValue, encodeValue } from "../feature/values.js"
import { embedChecked, faultOf } from "./embedder.js"
import type { ConnectedIndex } from "./indexer.js"
import { type MetadataFilter, parseFilter } from "./metadata-filter.js"
import type { VectorHit, VectorQuery } from "./vector-store.js"

/**
 * Longest text that is searched for, in UTF-16 code units: about as much as models embed at once. Each of its words is looked
 * for, by the process itself where documents are in memory or in an embedded Postgres.
 */
const MAX_TEXT = 32_768

/** What is looked for in an index. */
export interface SearchQuery {
  /** A text whose like is looked for, of at most 32,768 characters. Needed for the modes `text` and `hybrid`. */
  readonly text?: string | undefined
  /** A vector near which is looked, instead of the text's. */
  readonly vector?: Float32Array | readonly number[] | undefined
  /** Most hits, 1 to 1,000, default 10. */
  readonly topK?: number | undefined
  /** Which documents count, by their metadata. */
  readonly filter?: MetadataFilter | undefined
  /** `vector` (default): by nearness; `text`: by words; `hybrid`: both ranks fused. */
  readonly mode?: "vector" | "text" | "hybrid" | undefined
  /** How many candidates an approximate index looks at, 1 to 1,000: more find better and take longer. */
  readonly efSearch?: number | undefined
  /** An answer given in the last so many milliseconds will do; it is kept in the feature cache. Default 0: always anew. */
  readonly maxAgeMs?: number | undefined
}

/** A chunk that was found, best first. */
export interface SearchHit extends Omit<VectorHit, "eventTime" | "indexedAt"> {
  /** Time of the event that wrote the document; `null` when none did. */
  readonly eventTime: Date | null
  readonly indexedAt: Date
}

/** A {@link SearchHit} as the HTTP API and the `fabra` command spell it. */
export interface WireHit extends Omit<VectorHit, "entityId" | "eventTime" | "indexedAt"> {
  readonly entity_id: string
  readonly event_time: string | null
  readonly indexed_at: string
}

/** Spells a hit for other processes. */
export function hitToWire({ entityId, eventTime, indexedAt, ...same }: SearchHit): WireHit {
  return {
    entity_id: entityId,
    ...same,
    event_time: eventTime?.toISOString() ?? null,
    indexed_at: indexedAt.toISOString(),
  }
}

/** Answers kept per index; one that falls on another's place takes it, so that there are never more. */
const KEPT_ANSWERS = 1024
const KEPT_FEATURE = "answer"

/** @throws FabraError `invalid_argument`, and whatever embedder, vector store and cache throw */
export async function search(
  target: ConnectedIndex,
  query: SearchQuery,
  cache: FeatureCache,
  now: () => number,
): Promise<SearchHit[]> {
  const asked = check(query, target.schema.dimensions)
  const { maxAgeMs = 0 } = query
  const hits = await (maxAgeMs > 0 ? answerOnce(target, asked, { maxAgeMs, cache, now }) : answer(target, asked))
  return hits.map(({ eventTime, indexedAt, ...hit }) => ({
    ...hit,
    eventTime: eventTime === null ? null : new Date(eventTime),
    indexedAt: new Date(indexedAt),
  }))
}

type Asked = VectorQuery & { readonly textToEmbed: string | null }

function check(query: SearchQuery, dimensions: number): Asked {
  const { text, topK = 10, filter, mode = "vector", efSearch, maxAgeMs = 0 } = query
  const refuse = (path: string, value: unknown, rule: string) =>
    new FabraError("invalid_argument", `${path} is ${show(value)}: it must be ${rule}.`, { path })
  if (mode !== "vector" && mode !== "text" && mode !== "hybrid") {
    throw refuse("mode", mode, '"vector", "text" or "hybrid"')
  }
  checkWhole("topK", topK, [1, 1000])
  if (efSearch !== undefined) checkWhole("efSearch", efSearch, [1, 1000])
  if (!(maxAgeMs >= 0)) throw refuse("maxAgeMs", maxAgeMs, "0 or more")
  const needsText = mode !== "vector" || query.vector === undefined
  if (text !== undefined || needsText) {
    if (typeof text !== "string" || text.trim() === "") throw refuse("text", text, "a text that is not blank")
    if (text.length > MAX_TEXT) {
      const message = `text has ${text.length.toLocaleString("en")} characters: it may have ${MAX_TEXT.toLocaleString("en")}. Search for a part of it.`
      throw new FabraError("invalid_argument", message, { path: "text" })
    }
  }
  const vector = query.vector === undefined ? null : Float32Array.from(query.vector)
  const fault = vector === null ? undefined : faultOf(vector, dimensions)
  if (fault !== undefined) throw new FabraError("invalid_argument", `vector is ${fault}.`, { path: "vector" })
  return {
    vector: mode === "text" ? null : vector,
    textToEmbed: mode === "text" || vector !== null ? null : (text as string),
    text: mode === "vector" ? null : (text as string),
    topK,
    filter: filter === undefined ? null : parseFilter(filter),
    efSearch: efSearch ?? null,
  }
}

async function answer({ vectors, schema, embedder }: ConnectedIndex, { textToEmbed, ...query }: Asked) {
  const [made] = textToEmbed === null ? [] : await embedChecked(embedder, [textToEmbed])
  return vectors.search(schema, { ...query, vector: made ?? query.vector })
}

/** The answer that the cache has, or a new one. A cache that fails is no reason not to answer. */
async function answerOnce(
  target: ConnectedIndex,
  asked: Asked,
  { maxAgeMs, cache, now }: { readonly maxAgeMs: number; readonly cache: FeatureCache; readonly now: () => number },
): Promise<readonly VectorHit[]> {
  const spelled = JSON.stringify([target.schema, asked, asked.vector && [...asked.vector]])
  const question = createHash("sha256").update(spelled).digest("base64url")
  const entityId = String(hashEntityId(question) % KEPT_ANSWERS)
  const key = { entityType: `search:${target.schema.name}`, entityId }
  const [[stored] = []] = await cache.read([key], [KEPT_FEATURE]).catch(() => [])
  if (stored !== undefined && stored.computedAt > now() - maxAgeMs) {
    const kept = decodeValue(stored.text) as { readonly question: string; readonly hits: readonly VectorHit[] }
    if (kept.question === question) return kept.hits
  }
  const hits = await answer(target, asked)
  const text = encodeValue({ question, hits }, "answer")
  const value = { text, eventTime: null, computedAt: now() }
  const token = newToken()
  await cache.write([{ key, token, values: new Map([[KEPT_FEATURE, value]]) }]).catch(() => {})
  return hits
}
