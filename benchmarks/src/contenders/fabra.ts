import { setTimeout as delay } from "node:timers/promises"
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import type { Feature, FeatureStore, Telemetry } from "@fabra/core"
import type { EventBus } from "@fabra/events"
import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker, type WorkerOptions } from "@fabra/worker"
import type { Contender, Producer, Reader, Worker } from "../contender.js"
import { defineFeatures } from "../features.js"

interface OnRedis extends Partial<Contender> {
  readonly options?: Partial<WorkerOptions>
  /** Made in the worker's process only. */
  readonly telemetry?: () => Telemetry
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
      const watched = telemetry === undefined ? options : { ...options, telemetry: telemetry() }
      const worker = await startWorker(store, bus, { cache, ...watched })
      await untilShared(bus, processes)
      return { ...worker, close: () => worker.close().finally(() => Promise.all([bus.close(), cache.close()])) }
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

/** Fabra without anything else: bus and cache in memory, producer and worker in one process. */
export function fabraEmbedded(name: string, title: string, options: Partial<WorkerOptions> = {}): Contender {
  let bus: MemoryEventBus
  let defined: ReturnType<typeof defineFeatures>
  return {
    name,
    title,
    embedded: true,
    producer() {
      bus = new MemoryEventBus()
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

/** A running worker that has its partitions and reads nothing before it is told to drain. */
async function startWorker(store: FeatureStore, bus: EventBus, options: Partial<WorkerOptions>): Promise<Worker> {
  let open: () => void = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  holdReads(bus, gate)
  const worker = new AxiomWorker(store, { bus, logger: silent, ...options })
  const running = worker.run()
  return {
    drain() {
      open()
      return worker.idle()
    },
    async close() {
      open()
      await worker.stop()
      await running
    },
  }
}

const silent = { info() {}, warn() {}, error: console.error }

/** Makes subscriptions of this bus read nothing until the gate opens, and costs nothing from then on. */
function holdReads(bus: EventBus, gate: Promise<void>): void {
  const subscribe = bus.subscribe.bind(bus)
  bus.subscribe = async (options) => {
    const subscription = await subscribe(options)
    const read = subscription.read.bind(subscription)
    subscription.read = (readOptions) => gate.then(() => read(readOptions))
    gate.then(() => {
      subscription.read = read
    })
    return subscription
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
