import { type Subscription, sleep } from "@fabra/events"
import type { Observer } from "../observe/observer.js"
import type { PartitionRun } from "../partition/partition-run.js"
import { retryDelay } from "../retry.js"
import type { Settings } from "../settings.js"
import type { Item } from "./item.js"
import type { Lane } from "./lane.js"

interface Request {
  readonly lane: Lane
  readonly item: Item
  readonly go: () => void
}

/**
 * Lets events of a stretch in which the last owner died be run one at a time in this whole process, each noted first:
 * the one that kills worker after worker is then known by its notes, and no other is taken for it (rule R13).
 */
export class Caution {
  readonly #settings: Settings
  readonly #observer: Observer
  readonly #subscription: () => Subscription | undefined
  readonly #failed: (error: unknown) => void
  #waiting: Request[] = []
  #current: Request | undefined

  constructor(
    settings: Settings,
    observer: Observer,
    subscription: () => Subscription | undefined,
    failed: (error: unknown) => void,
  ) {
    this.#settings = settings
    this.#observer = observer
    this.#subscription = subscription
    this.#failed = failed
  }

  /** Calls `go` once the lane's first event is noted and no other noted one is being run. */
  ask(lane: Lane, go: () => void): void {
    this.#waiting.push({ lane, item: lane.items[0] as Item, go })
    this.#next()
  }

  /** An event of such a stretch is settled. */
  done(item: Item): void {
    if (this.#current?.item !== item) return
    this.#current = undefined
    this.#next()
  }

  /** The run has ended; whatever of it was being run is its next owner's. */
  forget(run: PartitionRun): void {
    this.#waiting = this.#waiting.filter(({ lane }) => lane.run !== run)
    if (this.#current?.lane.run !== run) return
    this.#current = undefined
    this.#next()
  }

  #next(): void {
    if (this.#current !== undefined) return
    this.#current = this.#waiting.shift()
    if (this.#current !== undefined) this.#note(this.#current).catch(this.#failed)
  }

  async #note(request: Request): Promise<void> {
    const { lane, item, go } = request
    for (let attempt = 1; lane.run.active; attempt++) {
      try {
        const noted = this.#subscription()?.noteAttempt(lane.run.partition, item.record.position)
        if (noted === undefined) return
        const consumers = await this.#observer.time("bus", "note_attempt", noted)
        if (!lane.run.active) return
        item.caution = { consumers }
        go()
        return
      } catch (error) {
        this.#observer.outage("The bus does not answer; trying again.", error)
        await sleep(this.#settings.clock, retryDelay(this.#settings, attempt))
      }
    }
  }
}
