import type { SearchHit } from "@fabra/core"
import { FabraApiError } from "./api-error.js"
import { ingestMany } from "./ingest-many.js"
import type { CallOptions, ClientOptions } from "./options.js"
import { Transport } from "./transport.js"
import type {
  Applied,
  EntityRow,
  EventInput,
  FeatureName,
  FeatureValues,
  IndexName,
  Ingested,
  IngestResult,
  ManyInput,
  SearchQuery,
} from "./types.js"
import { type AnyEvent, fromWire, hitFromWire, newEventId, toWire } from "./wire.js"

/** Options of waiting for an event's effects. */
export interface WaitOptions extends CallOptions {
  /** Answer when the event's features are applied, with their values. */
  readonly wait: "applied"
  /** The longest to wait for that, in milliseconds, up to 30,000. Default 2,000. */
  readonly waitMs?: number
}

/** Options of {@link FabraClient.getFeatures}. */
export interface ReadOptions extends CallOptions {
  /** Values that were computed longer ago than this, in whole milliseconds, are marked `STALE`. */
  readonly maxAgeMs?: number
  /** JSON, for features that are computed when they are read. */
  readonly input?: Readonly<Record<string, unknown>>
}

/** A client of one server. @typeParam App the module that exports features and events: `typeof import("./features.js")` */
export interface FabraClient<App = unknown> {
  /**
   * Sends an event; repeats it under the same id when the server is away or full.
   * @throws FabraApiError; its `eventId` tells under which id the event may be sent again
   */
  ingest<Type extends string>(
    eventType: Type,
    event: EventInput<App, Type>,
    options: WaitOptions,
  ): Promise<Applied<App>>
  ingest<Type extends string>(eventType: Type, event: EventInput<App, Type>, options?: CallOptions): Promise<Ingested>
  /**
   * Sends many events in few requests; one result each, in their order. An event that had to be sent again may come after
   * a later one of its entity. Never rejects for what the server answers.
   */
  ingestMany(events: readonly ManyInput<App>[], options?: CallOptions): Promise<IngestResult[]>
  /**
   * Reads features of the entities that a row names by their keys, or of many rows at once.
   * @throws FabraApiError
   */
  getFeatures<Name extends FeatureName<App>>(
    names: readonly Name[],
    row: EntityRow,
    options?: ReadOptions,
  ): Promise<FeatureValues<App, Name>>
  getFeatures<Name extends FeatureName<App>>(
    names: readonly Name[],
    rows: readonly EntityRow[],
    options?: ReadOptions,
  ): Promise<FeatureValues<App, Name>[]>
  /**
   * The chunks of an index that are nearest to a text or a vector, best first.
   * @throws FabraApiError
   */
  search(index: IndexName<App>, query: SearchQuery, options?: CallOptions): Promise<SearchHit[]>
}

/**
 * Makes a client. Opens no connection.
 *
 * @example
 * import type * as features from "./features.js"
 * const fabra = createClient<typeof features>({ url: "http://localhost:8000" })
 */
export function createClient<App = unknown>(options: ClientOptions): FabraClient<App> {
  const transport = new Transport(options)
  const client = {
    ingest: (eventType: string, event: AnyEvent, options: CallOptions & Partial<WaitOptions> = {}) =>
      ingest(transport, eventType, event, options),
    ingestMany: (events: readonly (AnyEvent & { eventType: string })[], options: CallOptions = {}) =>
      ingestMany(transport, events, options),
    getFeatures: (names: readonly string[], rows: EntityRow | readonly EntityRow[], options: ReadOptions = {}) =>
      getFeatures(transport, names, rows, options),
    search: (index: string, query: SearchQuery, options: CallOptions = {}) => search(transport, index, query, options),
  }
  // What the types promise is what the server serves; nothing here could check it.
  return client as unknown as FabraClient<App>
}

async function ingest(
  transport: Transport,
  eventType: string,
  event: AnyEvent,
  { signal, wait, waitMs = 2000 }: CallOptions & Partial<WaitOptions>,
): Promise<Ingested | Applied<unknown>> {
  const eventId = event.eventId ?? newEventId()
  const query = wait === undefined ? "" : `?wait=applied&timeout=${Math.trunc(waitMs)}ms`
  const path = `/ingest/${encodeURIComponent(eventType)}${query}`
  const body = JSON.stringify(toWire(event, eventId))
  const extraMs = wait === undefined ? 0 : waitMs
  try {
    const answer = read(await transport.send({ path, contentType: "application/json", body, signal, extraMs }))
    const ingested = { eventId, duplicate: answer.duplicate }
    if (wait === undefined) return ingested
    const { applied, dead_lettered: deadLettered, features } = answer
    return { ...ingested, applied, deadLettered, features: fromWire(features) }
  } catch (error) {
    throw (error as FabraApiError).about(eventId)
  }
}

async function getFeatures(
  transport: Transport,
  names: readonly string[],
  rows: EntityRow | readonly EntityRow[],
  { signal, maxAgeMs, input }: ReadOptions,
): Promise<unknown> {
  const body = JSON.stringify({
    features: names,
    entity_rows: Array.isArray(rows) ? rows : [rows],
    max_age: maxAgeMs === undefined ? undefined : `${Math.trunc(maxAgeMs)}ms`,
    input,
  })
  const answer = read(await transport.send({ path: "/features", contentType: "application/json", body, signal }))
  const values = (answer.rows as { features: Record<string, unknown> }[]).map(({ features }) => fromWire(features))
  return Array.isArray(rows) ? values : values[0]
}

async function search(
  transport: Transport,
  index: string,
  { text, vector, topK, filter, mode, efSearch }: SearchQuery,
  { signal }: CallOptions,
): Promise<SearchHit[]> {
  const path = `/search/${encodeURIComponent(index)}`
  const query = { text, vector: vector && [...vector], top_k: topK, filter, mode, ef_search: efSearch }
  const body = JSON.stringify(query)
  const answer = read(await transport.send({ path, contentType: "application/json", body, signal }))
  return answer.hits.map(hitFromWire)
}

function read(text: string): any {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FabraApiError("invalid_answer", "The answer is no JSON.", { cause })
  }
}
