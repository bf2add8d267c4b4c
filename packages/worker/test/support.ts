import { type FeatureCache, FeatureStore, MemoryFeatureCache } from "@fabra/core"
import {
  createEvent,
  type EventBus,
  FabraError,
  type JsonObject,
  MemoryEventBus,
  type PartitionLag,
} from "@fabra/events"
import { silent } from "@fabra/test-support"
import { onTestFinished } from "vitest"
import { AxiomWorker, type WorkerOptions } from "../src/index.js"

/** A store with a User, on an embedded bus and cache; `start` runs workers and stops them when the test ends. */
export function setup(options: { bus?: EventBus; cache?: FeatureCache } = {}) {
  const cache = options.cache ?? new MemoryFeatureCache()
  const bus = options.bus ?? new MemoryEventBus({ partitions: 4 })
  const store = new FeatureStore({ cache })
  const User = store.entity("User", { key: "user_id" })
  const start = (more: Partial<WorkerOptions> = {}) => {
    const worker = new AxiomWorker(store, { bus, logger: silent, retryBaseMs: 1, retryMaxMs: 5, ...more })
    const running = worker.run()
    running.catch(() => {})
    onTestFinished(() => worker.stop())
    return { worker, running }
  }
  const publish = (eventType: string, entityId: string, payload: JsonObject = {}, eventId?: string) =>
    bus.publish(createEvent({ eventType, entityId, payload, ...(eventId === undefined ? {} : { eventId }) }))
  return { cache, bus, store, User, start, publish }
}

/** A chain of event ids shows what a counter hides: order, loss and doubles. */
export function withChain(options: Parameters<typeof setup>[0] = {}) {
  const all = setup(options)
  const chain = all.store.feature("chain", {
    entity: all.User,
    trigger: "x",
    initial: [] as string[],
    compute: (_id, event, { current }) => [...current, event.eventId],
  })
  return { ...all, chain }
}

/** The ids e1, e2, … */
export const ids = (n: number) => Array.from({ length: n }, (_, i) => `e${i + 1}`)

/** The lag of the workers' group; none until the first of them is a member. */
export function lagOf(bus: EventBus): Promise<readonly PartitionLag[]> {
  return bus.lag("fabra_workers").catch((error) => {
    if (FabraError.from(error).code === "not_found") return []
    throw error
  })
}
