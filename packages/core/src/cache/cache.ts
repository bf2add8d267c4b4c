import type { FabraError } from "@fabra/events"
import type { StoreWarning } from "@fabra/events/adapter"

/** Whose record is meant: a type of entity (`User`) and an id (`user_123`). */
export interface EntityKey {
  readonly entityType: string
  readonly entityId: string
}

/** A feature value as it is kept. The text is opaque to the cache; see `encodeValue`. */
export interface StoredValue {
  /** The value's own encoding. */
  readonly text: string
  /** Time of the event it comes from, epoch milliseconds; `null` when no event made it. */
  readonly eventTime: number | null
  /** When it was computed, epoch milliseconds. */
  readonly computedAt: number
}

/**
 * Which epoch of which part of the store answered: it changes whenever that part may have lost acknowledged writes
 * (a restart, a fail-over to a replica). Opaque; `""` for a store that never loses any.
 */
export type Epoch = string

/** All that is known of one entity, as one consumer group sees it. */
export interface EntityRecord {
  readonly key: EntityKey
  /**
   * The record's version as the group sees it; `null` when neither this group nor a direct write has ever written it, and
   * no record was ever removed. A version never comes back. It changes with every commit of this group and every
   * {@link FeatureCache.write}, never with a commit of another group; while the group has no part in the record, any
   * removal of a record may change it too.
   */
  readonly version: string | null
  /** The group's bookkeeping as last committed, opaque to the cache; `null` when there is none. */
  readonly state: string | null
  /**
   * Only of a cache that removes records, and where there is no `state`: what removals have left of the group's
   * bookkeeping, which stands for that of every record without; `null` when they have left none. See `Tombstone`.
   */
  readonly tombstone?: string | null | undefined
  /** The group's flags that were added and not removed. */
  readonly flags: ReadonlySet<string>
  readonly values: ReadonlyMap<string, StoredValue>
  readonly epoch: Epoch
}

/** A change of one entity by one group, all of it or nothing. */
export interface EntityChange {
  readonly key: EntityKey
  readonly group: string
  /** Version of the record that the change was computed from; the change applies only if the record still has it. */
  readonly baseVersion: string | null
  /** Names this change: unique among all commits that ever were. With it the record gets a new version. */
  readonly token: string
  /** Replaces the group's bookkeeping. */
  readonly state: string
  /** Values to set, by feature; `null` removes. Features not named stay as they are. Default: none. */
  readonly values?: ReadonlyMap<string, StoredValue | null> | undefined
  /** Default: none. */
  readonly addFlags?: readonly string[] | undefined
  /** Flags to remove; one that `addFlags` names too is added. Default: none. */
  readonly removeFlags?: readonly string[] | undefined
}

/** What became of one change. */
export type CommitResult =
  /** It is in the record; `token` is the record's token now, for the next change's `baseVersion`. */
  | { readonly status: "applied"; readonly version: string; readonly epoch: Epoch }
  /** The record had another version; nothing was written. */
  | { readonly status: "conflict" }
  /** Nobody can tell whether it was applied. Sending the same change again is safe. */
  | { readonly status: "unknown"; readonly error: FabraError }

/** How many recent direct writes per entity are de-duplicated. */
export const REMEMBERED_WRITES = 16

/** Values that are set outside of event processing. */
export interface DirectWrite {
  readonly key: EntityKey
  /** Names this write: unique among all writes that ever were, without line feeds. A repeated write is known by it. */
  readonly token: string
  /** As {@link EntityChange.values}. */
  readonly values: ReadonlyMap<string, StoredValue | null>
}

/** What became of one direct write. */
export type WriteResult = { readonly status: "applied" } | { readonly status: "unknown"; readonly error: FabraError }

/** What a feature cache can do; the conformance suite reads it. */
export interface CacheCapabilities {
  /** For messages and logs: `memory`, `redis`, … */
  readonly name: string
  readonly persistent: boolean
  /** Several processes can share it. */
  readonly shared: boolean
  /**
   * For how many milliseconds after a commit it may still be undone by a failure of the store (replication lag plus the
   * longest split brain). Workers keep their checkpoints that far behind. 0: never.
   */
  readonly rollbackWindowMs: number
  /**
   * It is a `RemovingCache`: workers remove records in which every value is older than its feature's `ttl`. Otherwise such
   * records stay, and are read as if they were empty.
   */
  readonly removesRecords: boolean
}

/** One page of entity ids, in no particular order; `next` is `null` at the end. */
export interface EntityPage {
  readonly ids: readonly string[]
  readonly next: string | null
}

/**
 * The online store: one record per entity, the only truth about what has been applied.
 *
 * It knows nothing of events or order: bookkeeping is opaque text, and atomic compare-and-set per entity is all it owes.
 * A cache that can also remove records is a `RemovingCache`.
 */
export interface FeatureCache {
  readonly capabilities: CacheCapabilities
  /**
   * Reads records as `group` sees them, in the order asked, in one round trip where the engine can. A record never
   * written is empty. @throws FabraError `cache_unavailable`
   */
  load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]>
  /**
   * Applies changes, each alone an atomic compare-and-set, and answers for each in order. Never rejects: what failed is
   * `unknown`. At most one change per entity and group in one call.
   */
  commit(changes: readonly EntityChange[]): Promise<CommitResult[]>
  /**
   * Sets values outside of event processing: changes the version that every group sees, and nothing else. Never
   * rejects. At most one write per entity in one call.
   *
   * A write whose token is among the last {@link REMEMBERED_WRITES} of its entity changes nothing and is answered
   * `applied`: one whose answer was `unknown` is simply sent again, and a copy that the network brings late, when
   * handlers have built on it already, sets nothing back.
   */
  write(writes: readonly DirectWrite[]): Promise<WriteResult[]>
  /**
   * True while every epoch given is still the current one of its part of the store.
   * @throws FabraError `cache_unavailable`
   */
  verify(epochs: readonly Epoch[]): Promise<boolean>
  /**
   * The serving path: for each key, in order, the named features, in order, `undefined` where there is none. All features
   * of one entity are of one moment. One round trip where the engine can. @throws FabraError `cache_unavailable`
   */
  read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]>
  /**
   * Pages through the ids of all entities of a type that have a record. Ids written while paging may be missed or appear;
   * an id may appear twice. @param options.after `next` of the page before @param options.limit about how many, default
   * 1,000 @throws FabraError `cache_unavailable`; `invalid_argument` for an `after` that no page has given
   */
  entities(
    entityType: string,
    options?: { readonly after?: string | undefined; readonly limit?: number | undefined },
  ): Promise<EntityPage>
  /**
   * Looks for settings of the store that endanger what is kept (eviction, no persistence). Workers log them at start.
   * @throws FabraError `cache_unavailable`
   */
  check(): Promise<StoreWarning[]>
  /** Closes every connection this cache has opened itself. Idempotent. */
  close(): Promise<void>
}
