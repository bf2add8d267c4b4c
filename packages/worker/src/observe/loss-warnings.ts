import type { FeatureCache } from "@fabra/core"
import { type BusNotice, type EventBus, sleep } from "@fabra/events"
import { retryDelay } from "../retry.js"
import type { Settings } from "../settings.js"
import type { Observer } from "./observer.js"

/** Tells what bus and cache, as they are set up, may lose. What both say, because they are on one server, is told once. */
export class LossWarnings {
  readonly #bus: EventBus
  readonly #cache: FeatureCache
  readonly #settings: Settings
  readonly #observer: Observer
  /** What the bus has said, until the cache has said what it has to say. */
  #said: Set<string> | undefined = new Set()

  constructor(bus: EventBus, cache: FeatureCache, settings: Settings, observer: Observer) {
    this.#bus = bus
    this.#cache = cache
    this.#settings = settings
    this.#observer = observer
  }

  /** Passes on what the bus says. */
  ofBus(notice: BusNotice): void {
    this.#said?.add(notice.message)
    this.#observer.notice(notice)
  }

  /** Asks a bus that has been subscribed to, and the cache until it answers. */
  async ask(signal: AbortSignal): Promise<void> {
    const { name, durableReads } = this.#bus.capabilities
    if (durableReads === "none") {
      const message = `The bus (${name}) shows events that it may still lose: one that is published again then is applied twice.`
      this.#observer.notice({ level: "warn", message })
    }
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        for (const message of await this.#cache.check()) {
          if (!this.#said?.has(message)) this.#observer.notice({ level: "warn", message })
        }
        this.#said = undefined
        return
      } catch (error) {
        this.#observer.outage("The cache does not answer; trying again.", error)
        await sleep(this.#settings.clock, retryDelay(this.#settings, attempt), signal)
      }
    }
  }
}
