import { setTimeout as delay } from "node:timers/promises"
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import type { Feature, FeatureStore, Telemetry } from "@fabra/core"
import type { EventBus } from "@fabra/events"
import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker, type WorkerOptions } from "@fabra/worker"
import type { Contender, Producer, Reader, Worker } from "../contender.js"
import { defineFeatures, defineKeyed, defineWindows } from "../features.js"

interface OnRedis extends Partial<Contender> {
  readonly options?: Partial<WorkerOptions>
  /** Made in the worker's process only. */
  readonly telemetry?: () => Promise<Telemetry>
}

/** Fabra on Redis. @param options of the worker */
export function fabraOnRedis(
  name: string,
  title: string,
  { options = {}, telemetry, ...more }: OnRedis = {},
): Contender {
  return {
    name,
    title,
    producer({ url }) {
      // What was published is not looked for again, so that filling is quick; it makes no difference to workers.
      const bus = new RedisEventBus({ url, dedupeWindowMs: 0 })
      return producerOf(bus)
    },
    async worker({ url, workload, processes }, onApplied) {
      const { store } = defineFeatures(workload, onApplied)
      const bus = new RedisEventBus({ url })
      const cache = new RedisFeatureCache({ url })
      const watched = telemetry === undefined ? options : { ...options, telemetry: await telemetry() }
      const worker = startWorker(store, bus, { cache, ...watched })
      await untilShared(bus, processes)
      return worker
    },
    reader({ url, workload }) {
      const { store, served } = defineFeatures(workload, () => {})
      const cache = new RedisFeatureCache({ url })
      store.connect({ cache })
      return readerOf(store, served, () => cache.close())
    },
    ...more,
  }
}

/** Fabra on Redis where each event also changes a merchant. @param more whether half of them change the same one */
export function fabraKeyed(
  name: string,
  title: string,
  { isHot, ...more }: OnRedis & { readonly isHot: boolean },
): Contender {
  return fabraOnRedis(name, title, {
    async worker({ url, workload, processes }, onApplied) {
      const { store } = defineKeyed(workload, onApplied, isHot)
      const bus = new RedisEventBus({ url })
      const worker = startWorker(store, bus, { cache: new RedisFeatureCache({ url }), ...more.options })
      await untilShared(bus, processes)
      return worker
    },
    ...more,
  })
}

/** Fabra on Redis with windows instead of counters. */
export function fabraWindows(name: string, title: string, options: Partial<WorkerOptions>): Contender {
  return fabraOnRedis(name, title, {
    async worker({ url, workload, processes }, onApplied) {
      const { store } = defineWindows(workload, onApplied)
      const bus = new RedisEventBus({ url })
      const worker = startWorker(store, bus, { cache: new RedisFeatureCache({ url }), ...options })
      await untilShared(bus, processes)
      return worker
    },
    reader({ url, workload }) {
      const { store, spend } = defineWindows(workload, () => {})
      const cache = new RedisFeatureCache({ url })
      store.connect({ cache })
      return {
        without: "last",
        async read(entityIds) {
          const rows = await store.getFeatures([spend.count["1h"], spend.sum["30d"]], entityIds)
          return rows.map(({ features: { spend_count_1h, spend_sum_30d } }) => ({
            last: Number.NaN,
            count: spend_count_1h.value,
            sum: spend_sum_30d.value,
          }))
        },
        close: () => cache.close(),
      }
    },
  })
}

/** Fabra without anything else: bus and cache in memory, producer and worker in one process. */
export function fabraEmbedded(name: string, title: string, options: Partial<WorkerOptions> = {}): Contender {
  let bus: MemoryEventBus
  let defined: ReturnType<typeof defineFeatures>
  return {
    name,
    title,
    embedded: true,
    producer() {
      bus = new MemoryEventBus({ dedupeWindowMs: 0 }) // as on Redis
      return { ...producerOf(bus), close: async () => {} }
    },
    async worker({ workload }, onApplied) {
      defined = defineFeatures(workload, onApplied)
      return startWorker(defined.store, bus, options)
    },
    reader: () => readerOf(defined.store, defined.served, async () => {}),
  }
}

/** Publishes to a bus and takes no refusal. */
export function producerOf(bus: EventBus): Producer {
  return {
    async publish(events) {
      for (const result of await bus.publish(events)) if (!result.ok) throw result.error
    },
    close: () => bus.close(),
  }
}

/** A running worker that reads nothing before it is told to drain. */
function startWorker(store: FeatureStore, bus: EventBus, options: Partial<WorkerOptions>): Worker {
  const gate = new ReadGate(bus)
  const worker = new AxiomWorker(store, { bus, logger: silent, ...options })
  worker.run().catch(console.error)
  return {
    drain() {
      gate.open()
      return worker.idle()
    },
    hold() {
      const held = gate.close()
      worker.idle().catch(console.error) // ends the read under way
      return held
    },
  }
}

const silent = { info() {}, warn() {}, error: console.error }

/** Holds back what a bus's subscription reads; costs next to nothing while it is open. Closed at first. */
class ReadGate {
  #opened: Promise<void> | undefined
  #open = () => {}
  #arrived = () => {}

  constructor(bus: EventBus) {
    this.close()
    const subscribe = bus.subscribe.bind(bus)
    bus.subscribe = async (options) => {
      const subscription = await subscribe(options)
      const read = subscription.read.bind(subscription)
      subscription.read = (readOptions) => {
        if (this.#opened === undefined) return read(readOptions)
        this.#arrived()
        return this.#opened.then(() => read(readOptions))
      }
      return subscription
    }
  }

  /** Resolves when a read waits at the gate, so that none is under way. At once while it is closed already. */
  close(): Promise<void> {
    if (this.#opened !== undefined) return Promise.resolve()
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
    return new Promise((resolve) => {
      this.#arrived = resolve
    })
  }

  open(): void {
    this.#opened = undefined
    this.#open()
  }
}

/** Waits until so many workers share all partitions evenly. */
async function untilShared(bus: EventBus, processes: number): Promise<void> {
  for (;;) {
    const owners = (await bus.lag("fabra_workers").catch(() => [])).map(({ owner }) => owner)
    const shares = [...new Set(owners)].map((name) => owners.filter((owner) => owner === name).length)
    const isEven = Math.max(...shares) - Math.min(...shares) <= 1
    if (owners.length > 0 && !owners.includes(null) && shares.length === processes && isEven) return
    await delay(50)
  }
}

function readerOf(store: FeatureStore, served: readonly Feature[], close: () => Promise<void>): Reader {
  return {
    async read(entityIds) {
      return (await store.getFeatures(served, entityIds)).map(({ features }) => ({
        last: features.last_amount?.value,
        count: features.purchase_count?.value,
        sum: features.total_amount?.value,
      }))
    },
    close,
  }
}
