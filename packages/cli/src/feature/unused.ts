import type { FeatureCache } from "@fabra/core"
import { type EntityRecord, writeDirectly } from "@fabra/core/adapter"
import { systemClock } from "@fabra/events"

/** Entities whose records are read with one call of the cache. */
const PAGE = 250
/** A record holds its values for every group alike. */
const ANY_GROUP = "~unused"

/** What is looked through, and how far. */
export interface Walk {
  readonly entityType: string
  /** Where to begin; `undefined`: at the first entity. */
  readonly after: string | undefined
  /** About how many entities. */
  readonly limit: number
  readonly signal: AbortSignal
}

/** How far a walk has come. */
export interface Walked {
  readonly scanned: number
  /** Where to go on; `null` at the end. */
  readonly next: string | null
}

/** How many entities have a value under each name that is not known, among those that are looked at. */
export async function countUnused(
  cache: FeatureCache,
  known: ReadonlySet<string>,
  walk: Walk,
): Promise<Walked & { readonly entities: ReadonlyMap<string, number> }> {
  const entities = new Map<string, number>()
  const walked = await forEachPage(cache, walk, async (records) => {
    for (const { values } of records) {
      for (const name of values.keys()) if (!known.has(name)) entities.set(name, (entities.get(name) ?? 0) + 1)
    }
  })
  return { ...walked, entities }
}

/**
 * Removes the values under these names, by direct writes: what computes from them meanwhile meets a conflict and computes again.
 * Doing it again does no harm.
 */
export async function removeValues(
  cache: FeatureCache,
  names: readonly string[],
  walk: Walk,
): Promise<Walked & { readonly removed: number }> {
  let removed = 0
  const walked = await forEachPage(cache, walk, async (records) => {
    const writes = records.flatMap(({ key, values }) => {
      const there = names.filter((name) => values.has(name))
      return there.length === 0 ? [] : [{ key, values: new Map(there.map((name) => [name, null])) }]
    })
    await Promise.all(writes.map((write) => writeDirectly({ cache, clock: systemClock }, write)))
    removed += writes.reduce((sum, { values }) => sum + values.size, 0)
  })
  return { ...walked, removed }
}

async function forEachPage(
  cache: FeatureCache,
  { entityType, after, limit, signal }: Walk,
  visit: (records: readonly EntityRecord[]) => Promise<void>,
): Promise<Walked> {
  let scanned = 0
  let next: string | null | undefined = after
  do {
    const page = await cache.entities(entityType, { limit: PAGE, ...(next === undefined ? {} : { after: next }) })
    const keys = page.ids.map((entityId) => ({ entityType, entityId }))
    if (keys.length > 0) await visit(await cache.load(keys, ANY_GROUP))
    scanned += keys.length
    next = page.next
  } while (next !== null && scanned < limit && !signal.aborted)
  return { scanned, next }
}
