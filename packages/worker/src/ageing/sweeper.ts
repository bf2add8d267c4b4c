import {
  type EntityKey,
  type EntityRemoval,
  type Feature,
  type FeatureStore,
  newToken,
  type WholeRecord,
} from "@fabra/core"
import { type EventBus, FabraError, type Position, sleep } from "@fabra/events"
import type { Observer } from "../observe/observer.js"
import type { Settings } from "../settings.js"
import { groupsIn, isForgotten, tombstonesOf } from "./ageing.js"

const ROUND_EVERY_MS = 300_000
/** Between two pages of a round, so that it takes next to nothing from those who work. */
const PAGE_EVERY_MS = 1000
const PAGE = 250

/** What a sweeper needs of its worker. */
export interface SweeperOwner {
  readonly settings: Settings
  readonly observer: Observer
  /** Whether this worker is the one of its group that sweeps. Several at once get in nobody's way. */
  leads(): boolean
}

/**
 * Removes the records of entities that nobody has touched for so long that every value in them is beyond its feature's
 * `ttl`. Goes through all entities of the types that have such features, page by page, now and then.
 */
export class Sweeper {
  readonly #store: FeatureStore
  readonly #bus: Pick<EventBus, "checkpoints">
  readonly #owner: SweeperOwner
  readonly #types: readonly string[]

  constructor(store: FeatureStore, bus: Pick<EventBus, "checkpoints">, owner: SweeperOwner) {
    this.#store = store
    this.#bus = bus
    this.#owner = owner
    const ageing = [...store.registry.features.values()].filter(({ ttlMs }) => ttlMs !== undefined)
    this.#types = [...new Set(ageing.map(({ entity }) => entity.name))]
  }

  /** Works until `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { settings, observer } = this.#owner
    if (this.#types.length === 0) return
    for (;;) {
      await sleep(settings.clock, ROUND_EVERY_MS, signal)
      if (signal.aborted) return
      try {
        for (const entityType of this.#types) await this.#sweepType(entityType, signal)
      } catch (error) {
        observer.outage("Records that are beyond their ttl could not be removed; trying again.", error)
      }
    }
  }

  async #sweepType(entityType: string, signal: AbortSignal): Promise<void> {
    const { settings, leads } = this.#owner
    let after: string | null = null
    do {
      if (!leads() || signal.aborted) return
      const from = { limit: PAGE, ...(after === null ? {} : { after }) }
      const page = await this.#store.cache.entities(entityType, from)
      await this.#sweep(page.ids.map((entityId) => ({ entityType, entityId })))
      after = page.next
      if (after !== null) await sleep(settings.clock, PAGE_EVERY_MS, signal)
    } while (after !== null)
  }

  async #sweep(keys: readonly EntityKey[]): Promise<void> {
    const { cache, registry } = this.#store
    const { settings, observer } = this.#owner
    const features: ReadonlyMap<string, Feature> = registry.features
    const records = await cache.inspect(keys)
    const forgotten = records.filter((record) => isForgotten(record, features, settings.clock.now()))
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
        found.set(group, await this.#bus.checkpoints(group))
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
