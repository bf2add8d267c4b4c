import { setTimeout as delay } from "node:timers/promises"
import { partitionOf } from "@fabra/events"
import type { Book, TrialEvent } from "./book.js"
import type { Connection } from "./connect.js"
import { makeStore } from "./features.js"
import { PARTITIONS } from "./plan.js"

const POLL_MS = 4
const PAUSE_MS = 40

/** Publishes events of one entity, one at a time, and measures how long each takes until a reader sees it. */
export class Watcher {
  readonly entity = "watched"
  readonly partition = partitionOf(this.entity, PARTITIONS)
  /** The longest time from publish to visible, in milliseconds, of events that no fault has touched. */
  longestMs = 0
  readonly #connection: Connection
  readonly #book: Book
  #isTouched = false
  #isOver = false

  constructor(connection: Connection, book: Book) {
    this.#connection = connection
    this.#book = book
  }

  /** Watches until {@link stop}. */
  async run(): Promise<void> {
    const { store, applied } = makeStore()
    store.connect(this.#connection)
    while (!this.#isOver) {
      const event = this.#book.eventOf(this.entity)
      const startedAt = performance.now()
      this.#isTouched = false
      await this.#publish(event)
      const isVisible = async () => (await store.getFeature(applied, this.entity)).includes(event.eventId)
      while (!this.#isOver && !(await isVisible().catch(() => false))) await delay(POLL_MS)
      if (!this.#isTouched) this.longestMs = Math.max(this.longestMs, performance.now() - startedAt)
      await delay(PAUSE_MS)
    }
  }

  /** A fault has hit whoever works for the entity now: the event on its way does not count. */
  touch(): void {
    this.#isTouched = true
  }

  stop(): void {
    this.#isOver = true
  }

  async #publish(event: TrialEvent): Promise<void> {
    while (!this.#isOver) {
      const [result] = await this.#connection.bus.publish([event])
      if (result?.ok) {
        this.#book.acknowledged.add(event.eventId)
        return
      }
      await delay(PAUSE_MS)
    }
  }
}
