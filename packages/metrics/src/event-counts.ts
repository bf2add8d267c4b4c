import type { FeatureStore } from "@fabra/core"
import type { Registry } from "prom-client"
import { definitions } from "./definitions.js"
import { makeCounter } from "./make.js"

/** Stands for whatever has no name that is known. */
export const OTHER = "other"

interface Counts {
  processed: number
  failed: number
}

/** Counts events by type: plain numbers, handed to prom-client when they are asked for. */
export class EventCounts {
  readonly #store: FeatureStore | undefined
  readonly #byType = new Map<string, Counts>([[OTHER, { processed: 0, failed: 0 }]])

  constructor(registry: Registry, store: FeatureStore | undefined) {
    this.#store = store
    for (const [kind, definition] of [
      ["processed", definitions.eventsProcessed],
      ["failed", definitions.eventsFailed],
    ] as const) {
      makeCounter(definition, registry, [], (counter) => {
        for (const eventType of store?.registry.eventTypes ?? []) this.of(eventType)
        for (const [event_type, counts] of this.#byType) {
          counter.inc({ event_type }, counts[kind])
          counts[kind] = 0
        }
      })
    }
  }

  /** The counts of a type; of all types that the store does not know, the same ones. */
  of(eventType: string | undefined): Counts {
    const known = this.#byType.get(eventType ?? OTHER)
    if (known !== undefined) return known
    if (this.#store !== undefined && !this.#store.registry.eventTypes.includes(eventType as string))
      return this.of(OTHER)
    const counts = { processed: 0, failed: 0 }
    this.#byType.set(eventType as string, counts)
    return counts
  }
}
