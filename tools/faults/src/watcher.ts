import { setTimeout as delay } from "node:timers/promises"
import { partitionOf } from "@fabra/events/adapter"
import type { Book, TrialEvent } from "./book.js"
import type { Connection } from "./connect.js"
import { makeStore } from "./features.js"
import { PARTITIONS } from "./plan.js"

const POLL_MS = 4
const PAUSE_MS = 40

/** Publishes events of one entity, one at a time, and measures how long each takes until a reader sees it. */
export class Watcher {
  readonly entity: string
  /** The longest time from publish to visible, in milliseconds, of events that no fault has touched. */
  longestMs = 0
  readonly #partition: number
  readonly #connection: Connection
  readonly #book: Book
  /** How many of the next events do not count. */
  #touched = 0
  /** A fault came while partitions were on their way from one worker to another: nobody can tell what it hit. */
  #isUnclear = false
  #isOver = false

  constructor(entity: string, connection: Connection, book: Book) {
    this.entity = entity
    this.#partition = partitionOf(entity, PARTITIONS)
    this.#connection = connection
    this.#book = book
  }

  /** Watches until {@link stop}. @param isSettled whether every worker holds what it should hold in the end */
  async run(isSettled: () => boolean): Promise<void> {
    const { store, applied } = makeStore()
    store.connect(this.#connection)
    while (!this.#isOver) {
      const event = this.#book.eventOf(this.entity)
      const startedAt = performance.now()
      this.#isUnclear &&= !isSettled()
      await this.#publish(event)
      const isVisible = async () => (await store.getFeature(applied, this.entity)).includes(event.eventId)
      while (!this.#isOver && !(await isVisible().catch(() => false))) await delay(POLL_MS)
      if (this.#touched > 0) this.#touched--
      else if (!this.#isUnclear) this.longestMs = Math.max(this.longestMs, performance.now() - startedAt)
      await delay(PAUSE_MS)
    }
  }

  /**
   * A fault hits a worker that holds these partitions. The event that is on its way there, and the one after it, do not
   * count: the first may have got through already.
   */
  hurt(owned: readonly number[], isSettled: boolean): void {
    if (owned.includes(this.#partition)) this.#touched = 2
    this.#isUnclear ||= !isSettled
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
