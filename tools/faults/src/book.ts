import type { AxiomEvent } from "@fabra/events"
import type { Random } from "@fabra/test-support/random"
import { happened, type Mode } from "./features.js"
import { randomOf } from "./random.js"

/** Entities that get most of the events. */
const BUSY = Array.from({ length: 24 }, (_, i) => `thing-${i}`)
const DUPLICATES = 0.1
const POISON = 0.006
const SLOW = 0.1
const RARE = 0.15

/** An event of a trial. */
export type TrialEvent = AxiomEvent<string, { readonly mode: Mode }>

/** What the producers of a trial have done, as a checker must know it. */
export class Book {
  /** Ids of events whose publish was acknowledged. */
  readonly acknowledged = new Set<string>()
  readonly poison = new Set<string>()
  readonly entities = new Set<string>()
  readonly #random: Random
  #count = 0

  constructor(seed: number) {
    this.#random = randomOf(seed)
  }

  /** An event that was never published. One in ten is to be published again. */
  newEvent(): { readonly event: TrialEvent; readonly isDoubled: boolean } {
    const event = this.eventOf(this.#entity(), this.#mode())
    if (event.payload.mode === "poison") this.poison.add(event.eventId)
    return { event, isDoubled: this.#random.chance(DUPLICATES) }
  }

  eventOf(entityId: string, mode: Mode = "plain"): TrialEvent {
    this.entities.add(entityId)
    return happened.create({ entityId, eventId: (++this.#count).toString(36), payload: { mode } })
  }

  /** Some entities get one or two events and then no more: nothing later brings to light what became of these. */
  #entity(): string {
    return this.#random.chance(RARE) ? `rare-${this.#count >> 4}` : this.#random.pick(BUSY)
  }

  #mode(): Mode {
    const chance = this.#random.next()
    if (chance < POISON) return "poison"
    return chance < POISON + SLOW ? "slow" : "plain"
  }
}
