import { FeatureStore } from "@fabra/core"
import { type AxiomEvent, defineEvent } from "@fabra/events"
import { defineKeyed } from "./keyed.js"
import { type Group, type Payload, TTL_MS } from "./plan.js"
import type { Process } from "./process.js"
import { defineScheduled } from "./schedules.js"
import { SimulatedCache } from "./simulated-cache.js"
import type { World } from "./world.js"

/** A schema that one mode does not match; sometimes it takes a promise to say so. */
const schema = (world: World) => ({
  "~standard": {
    version: 1 as const,
    vendor: "simulation",
    validate: (value: unknown) => {
      const { mode } = value as Payload
      const result = mode === "invalid" ? { issues: [{ message: "not this one" }] } : { value: value as Payload }
      return world.random.chance(0.2) ? Promise.resolve(result) : result
    },
  },
})

/**
 * The store of one process of a group. Every feature is the list of the ids of the events applied to it, so that the check
 * sees what was lost, doubled or swapped; a twin set by the same handler shows what was seen by halves.
 */
export function makeStore(world: World, process: Process, group: Group): FeatureStore {
  const store = new FeatureStore({ cache: new SimulatedCache(world, process), clock: process })
  const entity = store.entity("User", { key: "user_id" })
  const x = defineEvent("x", schema(world))
  const initial: string[] = []
  const { random } = world
  const { ageing } = world.configuration
  const ttl = ageing ? { ttl: TTL_MS } : {}
  // Whoever removes records must know all features. No handler waits: of a value that was gone before it was committed
  // the check would know nothing.
  if (ageing) for (const name of group === "B" ? ["a1", "a2"] : ["b1"]) store.feature(name, { entity, ...ttl })
  if (world.configuration.keys) defineKeyed(store, world, process, group)
  if (group === "B") {
    store.feature("b1", {
      entity,
      initial,
      trigger: [x, "y"],
      maxRetries: 1,
      ...ttl,
      compute: async (_id, event, { current }) => {
        // Now and then longer than checkpoints trail the work.
        if (!ageing && random.chance(0.3))
          await process.sleep(random.chance(0.05) ? random.int(2500, 6000) : random.int(0, 300))
        return [...current, idOf(event)]
      },
    })
    return store
  }
  if (world.configuration.schedules) defineScheduled(store, entity, world, process)
  store.feature("a1", {
    entity,
    initial,
    trigger: [x, "y"],
    ...ttl,
    compute: (_id, event, { current, get, set }) => {
      if ((event.payload as Payload).mode === "nothing") return undefined
      if (!ageing) set("a1_twin", [...(get<string[]>("a1_twin") ?? []), idOf(event)])
      return [...current, idOf(event)]
    },
  })
  store.feature("a2", {
    entity,
    initial,
    trigger: x,
    maxRetries: 2,
    timeoutMs: 250,
    ...ttl,
    compute: (_id, event, { current, get, set }) => {
      const { mode } = event.payload as Payload
      if (mode === "nothing") return undefined
      if (mode === "poison") {
        process.onCrash?.()
        return new Promise<string[]>(() => {})
      }
      if (!ageing) set("a2_twin", [...(get<string[]>("a2_twin") ?? []), idOf(event)])
      if (mode === "flaky" && random.chance(0.6)) throw new Error("no luck")
      if (ageing) return [...current, idOf(event)]
      if (mode === "slow" && random.chance(0.6)) return process.sleep(400).then(() => [...current, idOf(event)])
      const wait = mode === "waits" ? random.int(0, 150) : 0
      return wait === 0 ? [...current, idOf(event)] : process.sleep(wait).then(() => [...current, idOf(event)])
    },
  })
  return store
}

/** A replay counts as the event that it repeats. */
function idOf({ replay, eventId }: AxiomEvent<string, unknown>): string {
  return replay?.of ?? eventId
}
