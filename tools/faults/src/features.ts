import { createHash } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import { aggregate, count } from "@fabra/aggregates"
import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { hashEntityId } from "@fabra/events/adapter"

/** What an event does to its handlers: nothing, makes one take its time, or always fails in one. */
export type Mode = "plain" | "slow" | "poison"

/** The one event of the trials. */
export const happened = defineEvent<{ readonly mode: Mode }>("happened")

const SLOW_MS = 50

/**
 * The features of a trial. None commutes: a lost, doubled or swapped event shows.
 *
 * - `chain`: a hash over the ids of all events, each on top of the one before.
 * - `applied`: the list of these ids, to tell what went wrong.
 * - `fragile`: the same list, by a handler that fails on poison.
 * - `gathered` of a hub: the ids of the events of all things that have it as their hub, in whatever partition; `counted`: how many.
 *
 * What one event does to them is one commit, so at any moment the chain is the hash of the list, and `fragile` lacks
 * nothing but poison.
 */
export function makeStore(inHandler: (attempt: number) => void = () => {}) {
  const store = new FeatureStore()
  const entity = store.entity("Thing", { key: "thing_id" })
  const chain = store.feature("chain", {
    entity,
    trigger: happened,
    initial: "",
    compute: (_id, { eventId }, { current }) => link(current, eventId),
  })
  const applied = store.feature("applied", {
    entity,
    trigger: happened,
    initial: [] as string[],
    compute: async (_id, { eventId, payload }, { current, attempt }) => {
      inHandler(attempt)
      if (payload.mode === "slow") await delay(SLOW_MS)
      return [...current, eventId]
    },
  })
  const fragile = store.feature("fragile", {
    entity,
    trigger: happened,
    initial: [] as string[],
    maxRetries: 2,
    compute: (_id, { eventId, payload }, { current, attempt }) => {
      inHandler(attempt)
      if (payload.mode === "poison") throw new Error("poison")
      return [...current, eventId]
    },
  })
  const hub = store.entity("Hub", { key: "hub_id" })
  const ofHub = {
    entity: hub,
    trigger: happened,
    key: ({ entityId }: { readonly entityId: string }) => hubOf(entityId),
  }
  const gathered = store.feature("gathered", {
    ...ofHub,
    initial: [] as string[],
    compute: (_id, { eventId }, { current }) => [...current, eventId],
  })
  const counted = aggregate(store, "counted", { ...ofHub, windows: ["lifetime"], aggregates: { events: count() } })
  return { store, chain, applied, fragile, gathered, counted: counted.events.lifetime }
}

const HUBS = 16

/** The hub of a thing. */
export function hubOf(entityId: string): string {
  return `hub_${hashEntityId(`${entityId}/hub`) % HUBS}`
}

/** One more id on top of a chain. */
export function link(chain: string, eventId: string): string {
  return createHash("sha256").update(`${chain}/${eventId}`).digest("base64url")
}

/** The chain over ids, in order. */
export function chainOf(ids: readonly string[]): string {
  return ids.reduce(link, "")
}
