import {
  canRemove,
  type EntityKey,
  type EntityRemoval,
  newToken,
  type RemovingCache,
  type WholeRecord,
} from "@fabra/core/adapter"
import { FabraError, type Position } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import type { WorkerContext } from "../context.js"
import { groupsIn, isForgotten, tombstonesOf } from "./ageing.js"

const ROUND_EVERY_MS = 300_000
/** Between two pages of a round, so that sweeping slows no worker down. */
const PAGE_EVERY_MS = 1000
const PAGE = 250

/**
 * Removes records in which every value is older than its feature's `ttl`. Visits all entities of the types that have such
 * features, page by page, every five minutes. Does nothing with a cache that cannot remove.
 */
export class Sweeper {
  readonly #context: WorkerContext
  readonly #types: readonly string[]

  constructor(context: WorkerContext) {
    this.#context = context
    const ageing = [...context.store.registry.stored.values()].filter(({ ttlMs }) => ttlMs !== undefined)
    this.#types = [...new Set(ageing.map(({ entity }) => entity.name))]
  }

  /** Works until `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { settings, observer, cache } = this.#context
    if (this.#types.length === 0 || !canRemove(cache)) return
    for (;;) {
      await sleep(settings.clock, ROUND_EVERY_MS, signal, "upkeep")
      if (signal.aborted) return
      try {
        for (const entityType of this.#types) await this.#sweepType(cache, entityType, signal)
      } catch (error) {
        observer.outage("Records that are beyond their ttl could not be removed; trying again.", error)
      }
    }
  }

  async #sweepType(cache: RemovingCache, entityType: string, signal: AbortSignal): Promise<void> {
    const { settings, sessions } = this.#context
    let after: string | null = null
    do {
      // One worker of a group sweeps; several at once do no harm.
      if (!sessions.has(0) || signal.aborted) return
      const from = { limit: PAGE, ...(after === null ? {} : { after }) }
      const page = await cache.entities(entityType, from)
      await this.#sweep(
        cache,
        page.ids.map((entityId) => ({ entityType, entityId })),
      )
      after = page.next
      if (after !== null) await sleep(settings.clock, PAGE_EVERY_MS, signal)
    } while (after !== null)
  }

  async #sweep(cache: RemovingCache, keys: readonly EntityKey[]): Promise<void> {
    const { settings, store, observer } = this.#context
    const { stored } = store.registry
    const records = await cache.inspect(keys)
    const forgotten = records.filter((record) => isForgotten(record, stored, settings.clock.now()))
    const checkpoints = await this.#checkpoints(new Set(forgotten.flatMap(groupsIn)))
    const removals = forgotten.flatMap((record) => toRemoval(record, tombstonesOf(record, checkpoints)))
    if (removals.length === 0) return
    const results = await cache.remove(removals)
    const removed = results.filter(({ status }) => status === "removed").length
    if (removed > 0) observer.removed((keys[0] as EntityKey).entityType, removed)
  }

  async #checkpoints(groups: ReadonlySet<string>): Promise<Map<string, (Position | null)[]>> {
    const found = new Map<string, (Position | null)[]>()
    for (const group of groups) {
      try {
        found.set(group, await this.#context.bus.checkpoints(group))
      } catch (error) {
        if (FabraError.from(error).code !== "not_found") throw error
      }
    }
    return found
  }
}

function toRemoval(
  { key, version }: WholeRecord,
  tombstones: EntityRemoval["tombstones"] | undefined,
): EntityRemoval[] {
  return version === null || tombstones === undefined ? [] : [{ key, version, token: newToken(), tombstones }]
}
