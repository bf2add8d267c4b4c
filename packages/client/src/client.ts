import type { SearchHit } from "@fabra/core"
import { type DeadLetters, HttpDeadLetters } from "./dead-letters.js"
import { type Erased, type EraseOptions, eraseEntity } from "./erase.js"
import { type EntityMatches, type EntityQuery, findEntities } from "./find.js"
import { ingest } from "./ingest.js"
import { ingestMany } from "./ingest-many.js"
import { type AppliedNotices, type Lag, lag, watch } from "./operate.js"
import type { CallOptions, ClientOptions, ReadOptions, WaitOptions } from "./options.js"
import { getEntity, getFeatures, search } from "./reads.js"
import { Transport } from "./transport.js"
import type {
  Applied,
  EntityRow,
  EntityValues,
  EventInput,
  FeatureName,
  FeatureValues,
  IndexName,
  Ingested,
  IngestResult,
  ManyInput,
  SearchQuery,
} from "./types.js"
import type { AnyEvent } from "./wire.js"

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
   * Reads all features of one entity, or those of `names`. Ids that URLs cannot carry, `.` and `..`, only
   * {@link getFeatures} can read.
   * @throws FabraApiError
   */
  getEntity(
    entityType: string,
    entityId: string,
    options?: ReadOptions & { readonly names?: readonly FeatureName<App>[] | undefined },
  ): Promise<EntityValues<App>>
  /**
   * The entities of a type whose values match a filter, page by page. There is no index of values: all entities are looked at.
   * @throws FabraApiError
   */
  findEntities(entityType: string, query: EntityQuery): Promise<EntityMatches>
  /**
   * The chunks of an index that are nearest to a text or a vector, best first.
   * @throws FabraApiError
   */
  search(index: IndexName<App>, query: SearchQuery, options?: CallOptions): Promise<SearchHit[]>
  /** Events that failed for good: list, show, replay, discard. */
  readonly deadLetters: DeadLetters
  /**
   * Erases an entity: its record, its dead letters, its documents in the indexes that are named. Waits until workers have applied
   * its events of before; its later ones start afresh. Safe to call again. Needs a key of the scope `admin`.
   * @throws FabraApiError
   */
  eraseEntity(entityType: string, entityId: string, options?: EraseOptions): Promise<Erased>
  /**
   * How far workers are behind. Needs a key of the scope `admin`. @param group default the one that the server is set to
   * @throws FabraApiError `not_found` for a group that never had a worker
   */
  lag(group?: string, options?: CallOptions): Promise<Lag>
  /**
   * What workers apply, as they apply it, from now until `signal` fires or the loop is left. `fabra serve` and `fabra dev`
   * tell it, on a busy system not all; a loop that is slower than they tell loses some, and `skipped` says how many.
   * @throws FabraApiError `unreachable` when the connection ends: what is applied before the next call is not told;
   *   `request_timeout` when the loop has read nothing for 30 seconds; `rate_limited` when too many watch the server
   */
  watch(options?: CallOptions): AsyncGenerator<AppliedNotices, void>
}

/**
 * Makes a client. Opens no connection.
 * @throws FabraApiError `invalid_argument` for a url or a key that no request could carry
 *
 * @example
 * import type * as features from "./features.js"
 * const fabra = createClient<typeof features>({ url: "http://localhost:8000" })
 */
export function createClient<App = unknown>(options: ClientOptions): FabraClient<App> {
  const transport = new Transport(options)
  const client = {
    ingest: (type: string, event: AnyEvent, options: CallOptions = {}) => ingest(transport, type, event, options),
    ingestMany: (events: readonly (AnyEvent & { eventType: string })[], options: CallOptions = {}) =>
      ingestMany(transport, events, options),
    getFeatures: (names: readonly string[], rows: EntityRow | readonly EntityRow[], options: ReadOptions = {}) =>
      getFeatures(transport, names, rows, options),
    getEntity: (type: string, id: string, options: ReadOptions = {}) => getEntity(transport, type, id, options),
    search: (index: string, query: SearchQuery, options: CallOptions = {}) => search(transport, index, query, options),
    deadLetters: new HttpDeadLetters(transport),
    findEntities: (type: string, query: EntityQuery) => findEntities(transport, type, query),
    eraseEntity: (type: string, id: string, options: EraseOptions = {}) => eraseEntity(transport, type, id, options),
    lag: (group?: string, options: CallOptions = {}) => lag(transport, group, options),
    watch: (options: CallOptions = {}) => watch(transport, options),
  }
  // What the types promise is what the server serves; nothing here could check it.
  return client as unknown as FabraClient<App>
}
