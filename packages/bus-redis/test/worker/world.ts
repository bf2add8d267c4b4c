import { RedisFeatureCache } from "@fabra/cache-redis"
import { FeatureStore, type Logger } from "@fabra/core"
import { createEvent, type PublishOptions } from "@fabra/events"
import { decodeEvent, partitionOf } from "@fabra/events/adapter"
import { AxiomWorker, type WorkerOptions } from "@fabra/worker"
import type { Cluster, Redis } from "ioredis"
import { expect } from "vitest"
import { RedisEventBus, type RedisEventBusOptions } from "../../src/index.js"
import { Keys } from "../../src/keyspace/keys.js"

export const PARTITIONS = 6

/** Where a world lies: a client that bus and cache connect like, for each call a new one. */
export interface Place {
  readonly namespace: string
  client(): Redis | Cluster
  readonly bus?: RedisEventBusOptions
  /** Where the cache lies, if elsewhere. */
  cacheClient?(): Redis | Cluster
}

/**
 * Real workers on a real bus and cache, which keep for every entity the order in which its events were applied: `order`,
 * and `fragile`, whose handler fails as long as it is told to.
 */
export class World {
  isBroken = false
  readonly warnings: string[] = []
  readonly bus: RedisEventBus
  readonly cache: RedisFeatureCache
  readonly store: FeatureStore
  /** Events whose publish was acknowledged, in this order for each entity. */
  readonly acknowledged: { readonly entityId: string; readonly eventId: string; readonly position: string }[] = []
  readonly #place: Place
  readonly #workers: { worker: AxiomWorker; running: Promise<void>; close: () => Promise<void> }[] = []
  readonly #clients: (Redis | Cluster)[] = []

  constructor(place: Place) {
    this.#place = place
    this.bus = this.#bus(30_000)
    this.cache = this.#cache()
    this.store = this.#store(this.cache)
  }

  #client(client: Redis | Cluster): Redis | Cluster {
    client.on("error", () => {})
    this.#clients.push(client)
    return client
  }

  #bus(commandTimeoutMs: number): RedisEventBus {
    const { namespace, bus } = this.#place
    const client = this.#client(this.#place.client())
    return new RedisEventBus({ client, namespace, partitions: PARTITIONS, commandTimeoutMs, ...bus })
  }

  #cache(): RedisFeatureCache {
    const { namespace } = this.#place
    const client = this.#client((this.#place.cacheClient ?? this.#place.client)())
    return new RedisFeatureCache({ client, namespace, commandTimeoutMs: 3_000 })
  }

  /** A feature belongs to one group; `order_a` and `order_b` are those of groups `a` and `b`. */
  #store(cache: RedisFeatureCache, group?: string): FeatureStore {
    const store = new FeatureStore({ cache })
    const User = store.entity("User", { key: "user_id" })
    for (const owner of [undefined, "a", "b"]) {
      const name = owner === undefined ? "order" : `order_${owner}`
      const order = { entity: User, initial: [] as string[] }
      if (owner !== group) store.feature(name, order)
      else {
        store.feature(name, {
          ...order,
          trigger: "step",
          compute: (_id, event, { current }) => [...current, event.eventId],
        })
      }
    }
    if (group !== undefined) return store
    store.feature("fragile", {
      entity: User,
      trigger: "fragile",
      initial: [] as string[],
      maxRetries: 0,
      compute: (_id, event, { current }) => {
        if (this.isBroken) throw new Error("broken")
        return [...current, event.eventId]
      },
    })
    store.feature("sound", {
      entity: User,
      trigger: "fragile",
      initial: [] as string[],
      compute: (_id, event, { current }) => [...current, event.eventId],
    })
    return store
  }

  /** Starts a worker with clients of its own, as in a process of its own. */
  start(options: Partial<WorkerOptions> = {}): AxiomWorker {
    const [bus, cache] = [this.#bus(3_000), this.#cache()]
    const note = (_fields: object, message: string) => this.warnings.push(message)
    const logger: Logger = { info: () => {}, warn: note, error: note }
    const more = { leaseMs: 2_000, rollbackMarginMs: 3_000, retryBaseMs: 10, retryMaxMs: 200 }
    const worker = new AxiomWorker(this.#store(cache, options.group), { bus, logger, ...more, ...options })
    const running = worker.run()
    running.catch((error) => this.warnings.push(`worker: ${error}`))
    const close = async () => {
      await worker.stop()
      await Promise.all([bus.close(), cache.close()])
    }
    this.#workers.push({ worker, running, close })
    return worker
  }

  /** Publishes one event for each entity, and notes those that were acknowledged. */
  async publish(entityIds: readonly string[], options?: PublishOptions, eventType = "step"): Promise<void> {
    const events = entityIds.map((entityId) => createEvent({ eventType, entityId, payload: {} }))
    const results = await this.bus.publish(events, options)
    for (const [i, result] of results.entries()) {
      if (!result.ok) continue
      this.acknowledged.push({ entityId: entityIds[i] as string, eventId: result.eventId, position: result.position })
    }
  }

  /** The events of each entity as they stand in the log. */
  async log(raw: Redis | Cluster): Promise<Map<string, string[]>> {
    const orders = new Map<string, string[]>()
    for (const { events } of new Keys(this.#place.namespace).partitions(PARTITIONS)) {
      for (const [, [, data]] of await raw.xrange(events, "-", "+")) {
        const { entityId, eventId } = decodeEvent(data as string)
        orders.set(entityId, [...(orders.get(entityId) ?? []), eventId])
      }
    }
    return orders
  }

  async order(entityId: string, feature = "order"): Promise<readonly string[]> {
    return (await this.store.getFeature<string[]>(feature, entityId)) ?? []
  }

  /** Waits until the workers have applied what stands in the log: all of it, once, in order. */
  async expectApplied(raw: Redis | Cluster): Promise<void> {
    const log = await this.log(raw)
    const inLog = new Set([...log.values()].flat())
    expect(this.acknowledged.filter(({ eventId }) => !inLog.has(eventId))).toEqual([])
    for (const [entityId, order] of log) {
      await expect.poll(() => this.order(entityId).catch(() => []), { timeout: 60_000 }).toHaveLength(order.length)
    }
    // Nothing of it comes a second time.
    await Promise.all(this.#workers.map(({ worker }) => worker.idle()))
    for (const [entityId, order] of log) expect(await this.order(entityId)).toEqual(order)
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ close }) => close()))
    await Promise.all([this.bus.close(), this.cache.close()])
    for (const client of this.#clients) client.disconnect()
  }
}

/** The name of the stream of an entity's events. */
export function streamOf(namespace: string, entityId: string): string {
  return new Keys(namespace).partitions(PARTITIONS)[partitionOf(entityId, PARTITIONS)]?.events as string
}
