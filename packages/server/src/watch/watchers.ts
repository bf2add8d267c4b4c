import type { ServerResponse } from "node:http"
import { Problem } from "../answer/problem.js"
import type { AppliedFeed, AppliedNotices } from "./feed.js"
import { type Line, Watcher } from "./watcher.js"

/** How long a client may read nothing while something waits for it. */
const PATIENCE_MS = 30_000

interface Subscription {
  readonly ready: Promise<void>
  readonly over: AbortController
  /** How many clients need it. */
  users: number
}

/** All clients of `GET /watch`. They share one subscription, which is opened for the first and closed with the last. */
export class Watchers {
  readonly #feed: AppliedFeed
  readonly #max: number
  readonly #patienceMs: number
  readonly #watchers = new Set<Watcher>()
  #places: number
  #subscription: Subscription | undefined

  /** @param patienceMs see {@link Watcher} */
  constructor(feed: AppliedFeed, max: number, patienceMs = PATIENCE_MS) {
    this.#feed = feed
    this.#max = max
    this.#places = max
    this.#patienceMs = patienceMs
  }

  /**
   * Takes a place for an answer until it is closed, and resolves when the subscription stands.
   * @throws Problem `rate_limited` when there is no place; FabraError as {@link AppliedFeed.subscribe}
   */
  async enter(raw: ServerResponse): Promise<void> {
    if (this.#places === 0) {
      const message = `${this.#max} clients watch already, which is the most this server takes. Try again later.`
      throw new Problem("rate_limited", message, { headers: { "retry-after": "1" } })
    }
    this.#places--
    this.#subscription ??= this.#subscribe()
    const subscription = this.#subscription
    subscription.users++
    raw.once("close", () => {
      this.#places++
      if (--subscription.users === 0) this.#end(subscription)
    })
    await subscription.ready
  }

  /** Tells an answer that has entered, and sent its headers, what comes from now on. */
  add(raw: ServerResponse): void {
    const watcher = new Watcher(raw, this.#patienceMs)
    this.#watchers.add(watcher)
    raw.once("close", () => this.#watchers.delete(watcher))
  }

  /** Ends every answer. */
  close(): void {
    for (const watcher of this.#watchers) watcher.close()
  }

  #subscribe(): Subscription {
    const over = new AbortController()
    const ready = this.#feed.subscribe((notices) => this.#tell(notices), over.signal)
    const subscription = { ready, over, users: 0 }
    ready.catch(() => this.#end(subscription)) // the next client tries anew
    return subscription
  }

  #end(subscription: Subscription): void {
    subscription.over.abort()
    if (this.#subscription === subscription) this.#subscription = undefined
  }

  #tell(notices: AppliedNotices): void {
    if (this.#watchers.size === 0) return
    const line = toLine(notices) // encoded once, however many watch
    for (const watcher of this.#watchers) watcher.tell(line)
  }
}

function toLine({ applied, skipped }: AppliedNotices): Line {
  const text = JSON.stringify({ applied, skipped }, (_key, value) => (typeof value === "bigint" ? `${value}` : value))
  return { bytes: Buffer.from(`${text}\n`), events: applied.length + skipped }
}
