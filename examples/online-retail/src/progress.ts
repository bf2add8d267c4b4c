import { setTimeout as delay } from "node:timers/promises"
import { FabraError } from "@fabra/events"
import type { Engine } from "./engine.js"

const POLL_MS = 100
/** Asking takes its time from the workers: it may take this part of it. */
const POLL_SHARE = 0.2

/** Follows how many events have been applied. */
export class Progress {
  readonly #engine: Engine
  readonly #onApplied: (events: number) => void
  #applied = 0

  constructor(engine: Engine, onApplied: (events: number) => void) {
    this.#engine = engine
    this.#onApplied = onApplied
  }

  /** Waits until so many events have been applied, or nothing is left that could be. */
  async until(events: number): Promise<void> {
    while (this.#applied < events) {
      const startedAt = performance.now()
      // Asked before the count: what has been settled by then is in it.
      const isSettled = await this.#isSettled()
      this.#applied = await this.#engine.countApplied()
      this.#onApplied(this.#applied)
      if (isSettled || this.#applied >= events) return
      await delay(Math.max(POLL_MS, (performance.now() - startedAt) / POLL_SHARE))
    }
  }

  /** An event may also have ended as a dead letter. A group's checkpoint passes both; it follows some seconds behind. */
  async #isSettled(): Promise<boolean> {
    try {
      const lag = await this.#engine.bus.lag(this.#engine.group)
      return lag.every(({ events }) => events === 0)
    } catch (error) {
      if (FabraError.from(error).code === "not_found") return false // no worker has come up yet
      throw error
    }
  }
}
