import type { FeatureStore } from "@fabra/core"
import { defineState } from "@fabra/core/adapter"
import type { AxiomEvent } from "@fabra/events"
import { type Group, type Payload, TTL_MS } from "./plan.js"
import type { Process } from "./process.js"
import type { World } from "./world.js"

/** When the code is mended that finds no valid key in some events. */
const MENDED_AT_MS = 8_000

/** The field of the state that has the events with this id. */
export function fieldOf(id: string): string {
  return `f${id.length % 2}`
}

/** Features and a state of the entities that events name; see `makeStore`. */
export function defineKeyed(store: FeatureStore, world: World, process: Process, group: Group): void {
  const entity = store.entity("Target", { key: "target_id" })
  const { random, configuration, now } = world
  const { ageing = false } = configuration
  const isMended = now >= MENDED_AT_MS
  const ttl = ageing ? { ttl: TTL_MS } : {}
  const trigger = ["x", "y"] as const
  // An event keeps its keys while workers of both versions may read it again; only what failed is repaired.
  const key = ({ payload, replay }: AxiomEvent) => {
    const { targets, isUnkeyed } = payload as unknown as Payload
    return isUnkeyed && (replay === undefined || !isMended) ? (7 as never) : targets
  }
  const initial: string[] = []
  if (group === "B") {
    // Whoever removes records must know all that they may hold.
    for (const name of ["k1", "k2"]) store.feature(name, { entity, ...ttl })
    defineState(store, "k3", { ...stateOf(ageing), entity })
    return
  }
  store.feature("k1", {
    entity,
    trigger,
    key,
    initial,
    ...ttl,
    compute: (_id, event, { current }) => [...current, idOf(event)],
  })
  store.feature("k2", {
    entity,
    trigger,
    key,
    initial,
    maxRetries: 2,
    timeoutMs: 250,
    ...ttl,
    compute: (_id, event, { current }) => {
      const { mode } = event.payload as unknown as Payload
      if (mode === "flaky" && random.chance(0.6)) throw new Error("no luck")
      const wait = mode === "waits" && !ageing ? random.int(0, 150) : 0
      return wait === 0 ? [...current, idOf(event)] : process.sleep(wait).then(() => [...current, idOf(event)])
    },
  })
  defineState(store, "k3", { ...stateOf(ageing), entity, trigger, key })
}

function stateOf(ageing: boolean) {
  return {
    fields: ["f0", "f1"],
    keepMs: ageing ? TTL_MS : undefined,
    update(
      state: { get(field: string): string | undefined; set(field: string, text: string): void },
      event: AxiomEvent,
    ) {
      const field = fieldOf(idOf(event))
      state.set(field, JSON.stringify([...JSON.parse(state.get(field) ?? "[]"), idOf(event)]))
      return true
    },
    features: {},
  }
}

function idOf({ replay, eventId }: AxiomEvent<string, unknown>): string {
  return replay?.of ?? eventId
}
