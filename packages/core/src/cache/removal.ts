import type { FabraError } from "@fabra/events"
import type { EntityKey, FeatureCache, StoredValue } from "./cache.js"

/** All that is known of one entity, whoever wrote it. */
export interface WholeRecord {
  readonly key: EntityKey
  /** The record's version, which changes with every commit and direct write; `null` when there is no record. */
  readonly version: string | null
  /** What each group has in it. */
  readonly parts: ReadonlyMap<string, { readonly state: string; readonly flags: ReadonlySet<string> }>
  readonly values: ReadonlyMap<string, StoredValue>
  /** Direct writes have changed it, of which some are known again. */
  readonly writtenDirectly: boolean
  /** By group, what stands in the place of its bookkeeping where a record has none: see {@link EntityRemoval.tombstones}. */
  readonly tombstones: ReadonlyMap<string, string>
}

/** Takes the place of a group's bookkeeping in records that are removed. */
export interface Tombstone {
  readonly group: string
  /** The group's tombstones as they were read with the record; the removal applies only if they are so still, or as `after`. */
  readonly before: string | null
  readonly after: string
}

/**
 * The removal of a record as a whole. The bookkeeping in it may still be needed: to tell, when an event is read again, that
 * it was applied. So each group leaves something behind that tells as much of this record as of every other that is not
 * there: one text for all of them, not one for each.
 */
export interface EntityRemoval {
  readonly key: EntityKey
  /** Of the record that was found fit to go; it is removed only if this is still its version. */
  readonly version: string
  /** Names this removal: unique among all commits, writes and removals that ever were. */
  readonly token: string
  readonly tombstones: readonly Tombstone[]
}

/** What became of one removal. */
export type RemovalResult =
  | { readonly status: "removed" }
  /** The record or the tombstones had changed; nothing was removed. */
  | { readonly status: "conflict" }
  /** Nobody can tell. Whoever looks again sees it. */
  | { readonly status: "unknown"; readonly error: FabraError }

/** A cache that removes records, as its `capabilities.removesRecords` says: an optional part of the contract. */
export interface RemovingCache extends FeatureCache {
  /** Reads records as they are, in the order asked. @throws FabraError `cache_unavailable` */
  inspect(keys: readonly EntityKey[]): Promise<WholeRecord[]>
  /**
   * Removes records, each alone an atomic compare-and-set: the record goes, its id leaves {@link FeatureCache.entities},
   * and the tombstones are put in its place. Never rejects. At most one removal per entity in one call.
   *
   * From then on whoever loads a record in which a group has no part gets that group's tombstones with it, and a change that
   * was computed from such a record without them is a conflict. An id is never missing while there is a record: whoever
   * makes one anew puts the id back.
   */
  remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]>
}

/** Whether the cache says that it removes records. */
export function canRemove(cache: FeatureCache): cache is RemovingCache {
  return cache.capabilities.removesRecords
}
