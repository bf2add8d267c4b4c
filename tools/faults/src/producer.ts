import { setTimeout as delay } from "node:timers/promises"
import type { EventBus, PublishOptions } from "@fabra/events"
import type { Random } from "@fabra/test-support/random"
import type { Book, TrialEvent } from "./book.js"

const PACE_MS = 40
const MOST_AT_ONCE = 8
/** Publishes that wait for their answer: while a part of Redis is silent the rest goes on being loaded. */
const MOST_WAITING = 40

/**
 * Publishes a steady load. What is refused or of unknown outcome is published again under its id until it is acknowledged,
 * and one event in ten also afterwards, or at the same time by the other producer.
 */
export class Producer {
  readonly #bus: EventBus
  readonly #book: Book
  readonly #random: Random
  readonly #options: PublishOptions
  #other: Producer | undefined
  #todo: TrialEvent[] = []
  #waiting = 0
  #isOver = false

  constructor(bus: EventBus, book: Book, random: Random, options: PublishOptions) {
    this.#bus = bus
    this.#book = book
    this.#random = random
    this.#options = options
  }

  /** Whom to hand events to that are to be published twice. */
  set other(other: Producer) {
    this.#other = other
  }

  /** Publishes until {@link stop}, and then on until everything is acknowledged. */
  async run(): Promise<void> {
    while (!this.#isOver || this.#todo.length > 0 || this.#waiting > 0) {
      if (this.#waiting < MOST_WAITING) this.#publishSome()
      await delay(PACE_MS)
    }
  }

  stop(): void {
    this.#isOver = true
  }

  async #publishSome(): Promise<void> {
    const events = this.#todo.splice(0, MOST_AT_ONCE)
    if (!this.#isOver) for (let n = this.#random.int(1, MOST_AT_ONCE); n > 0; n--) events.push(this.#newEvent())
    this.#waiting++
    const results = await this.#bus.publish(events, this.#options)
    this.#waiting--
    for (const [i, result] of results.entries()) {
      if (result.ok) this.#book.acknowledged.add(result.eventId)
      else this.#todo.push(events[i] as TrialEvent)
    }
  }

  #newEvent(): TrialEvent {
    const { event, isDoubled } = this.#book.newEvent()
    if (isDoubled) this.#other?.publishAgain(event)
    return event
  }

  /** Publishes an event that the other one has made, soon or right now. */
  publishAgain(event: TrialEvent): void {
    if (this.#random.chance(0.5)) this.#todo.push(event)
    else setTimeout(() => this.#todo.push(event), this.#random.int(0, 2_000))
  }
}
