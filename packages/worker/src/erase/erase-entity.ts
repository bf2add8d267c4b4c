import type { FeatureStore } from "@fabra/core"
import { busOf, type EntityKey } from "@fabra/core/adapter"
import type { EventBus } from "@fabra/events"
import { checkEntityId } from "@fabra/events/adapter"
import { discardDeadLetters } from "./dead-letters-of.js"
import { type ErasedRecord, eraseRecord } from "./erase-record.js"
import { groupsBehind } from "./groups-behind.js"

/** Options of {@link eraseEntity}. */
export interface EraseOptions {
  /** Where its events are. Default: the store's bus. */
  readonly bus?: EventBus | undefined
  /** Indexes in which the entity has a document under its own id. Default none: an index may hold other things by that id. */
  readonly indexes?: readonly string[] | undefined
  /** How long workers may take to apply its events of before, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined
}

/** What was erased. */
export interface Erased {
  readonly record: ErasedRecord
  /** How many dead letters were discarded. */
  readonly deadLetters: number
  /** The indexes from which a document was removed. */
  readonly indexes: readonly string[]
  /**
   * Groups that have not applied all events of before: what they apply later begins the entity anew. Erase it again when their
   * workers have caught up. Empty: done.
   */
  readonly groupsBehind: readonly string[]
}

/** A round discards what there is; what fails while it waits is for the next one. */
const ROUNDS = 3

/**
 * Erases an entity: its record, its dead letters, and the documents of the indexes that are named. Waits until every group has
 * settled the events that the bus had accepted before, so that none of them brings anything back; the entity's later events start
 * afresh. What a worker has computed from the record meanwhile meets a conflict and is computed again. Safe to call again.
 *
 * The log keeps the events themselves until they are trimmed.
 * @throws FabraError `unknown_entity`, `unknown_index`, `invalid_argument`, `bus_unavailable`, `cache_unavailable`,
 *   `vector_unavailable`
 */
export async function eraseEntity(
  store: FeatureStore,
  entityType: string,
  entityId: string,
  { bus: given, indexes = [], timeoutMs = 30_000 }: EraseOptions = {},
): Promise<Erased> {
  const { name } = store.registry.entity(entityType)
  const known = indexes.map((index) => store.registry.index(index).name)
  checkEntityId(entityId, "entityId")
  const bus = busOf(store, given, "eraseEntity")
  const key: EntityKey = { entityType: name, entityId }
  const deadline = store.clock.now() + timeoutMs
  const everywhere = store.registry.keyedTypes.has(name)
  let deadLetters = 0
  let behind: readonly string[] = []
  for (let round = 0; round < ROUNDS && behind.length === 0; round++) {
    const discarded = await discardDeadLetters(bus, key)
    if (round > 0 && discarded === 0) break
    deadLetters += discarded
    behind = await groupsBehind(bus, entityId, { clock: store.clock, deadline, everywhere })
  }
  for (const index of known) await store.removeDocument(index, entityId)
  const record = await eraseRecord(store, bus, key)
  return { record, deadLetters, indexes: known, groupsBehind: behind }
}
