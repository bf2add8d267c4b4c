import type { FeatureStore } from "@fabra/core"
import { canRemove, type EntityKey, newToken, type RemovingCache, writeDirectly } from "@fabra/core/adapter"
import { type EventBus, FabraError, type Position } from "@fabra/events"
import { groupsIn, tombstonesOf } from "../ageing/ageing.js"

/**
 * What became of a record. `removed`: it is gone, with the id. `emptied`: no value is left, and the id and the marks of its events
 * stay, because later events have changed it meanwhile, not all events of before are settled, or the cache does not remove records.
 * `none`: there was none.
 */
export type ErasedRecord = "removed" | "emptied" | "none"

const TRIES = 3

/** Removes a record as a whole where that may be (rule R12), else all values in it. */
export async function eraseRecord(store: FeatureStore, bus: EventBus, key: EntityKey): Promise<ErasedRecord> {
  const { cache } = store
  if (canRemove(cache)) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const removed = await removeRecord(cache, bus, key)
      if (removed === "none") return attempt === 0 ? "none" : "removed"
      if (removed === "removed") return "removed"
      if (removed === "must stay") break
    }
  }
  return await emptyRecord(store, key)
}

async function removeRecord(cache: RemovingCache, bus: EventBus, key: EntityKey) {
  const [record] = await cache.inspect([key])
  if (record === undefined || record.version === null) return "none"
  const groups = groupsIn(record)
  const checkpoints = new Map(
    await Promise.all(groups.map(async (group) => [group, await checkpointsOf(bus, group)] as const)),
  )
  const tombstones = tombstonesOf(record, checkpoints)
  if (tombstones === undefined) return "must stay"
  const [result] = await cache.remove([{ key, version: record.version, token: newToken(), tombstones }])
  return result?.status === "removed" ? "removed" : "again"
}

async function checkpointsOf(bus: EventBus, group: string): Promise<readonly (Position | null)[]> {
  try {
    return await bus.checkpoints(group)
  } catch (error) {
    if (FabraError.from(error).code === "not_found") return []
    throw error
  }
}

/** A direct write: whatever is being computed from the values that were there meets a conflict (rule R11). */
async function emptyRecord({ cache, clock, registry }: FeatureStore, key: EntityKey): Promise<ErasedRecord> {
  const [record] = await cache.load([key], "fabra_workers") // values are the same for every group
  const known = [...registry.stored.values()].filter(({ entity }) => entity.name === key.entityType)
  const names = new Set([...(record?.values.keys() ?? []), ...known.map(({ name }) => name)])
  await writeDirectly({ cache, clock }, { key, values: new Map([...names].map((name) => [name, null])) })
  return "emptied"
}
