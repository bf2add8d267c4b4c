import type { Random } from "@fabra/test-support/random"
import { setImmediateQueue } from "./environment.js"
import { type Entry, Heap } from "./heap.js"

/** Callbacks this close in time may meet before what the first one set off has run to its end. */
const TOGETHER_MS = 2
const MEET = 0.1
const MAX_TURNS = 8

/**
 * Virtual time. What is due is fired one by one; between two of them every promise that can go on goes on, except that
 * now and then two meet after a few turns only, as two replies in one piece of a socket's data do.
 */
export class Scheduler {
  now = 0
  readonly #random: Random
  readonly #heap = new Heap()
  readonly #immediates: (() => void)[] = []
  #order = 0
  #stopped = false

  constructor(random: Random) {
    this.#random = random
  }

  at(time: number, fire: () => void): Entry {
    const entry = { at: Math.max(time, this.now), order: this.#order++, fire }
    this.#heap.push(entry)
    return entry
  }

  after(ms: number, fire: () => void): Entry {
    return this.at(this.now + ms, fire)
  }

  stop(): void {
    this.#stopped = true
  }

  /** Runs until {@link stop}, or until nothing is left to happen. Only one scheduler runs at a time. */
  run(): Promise<void> {
    setImmediateQueue(this.#immediates)
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (this.#stopped) return resolve()
          const immediate = this.#immediates.shift()
          if (immediate !== undefined) immediate()
          else if (!this.#fireNext()) return resolve()
        } catch (error) {
          return reject(error)
        }
        // The queue of ticks has its turn when that of promises is empty, so the tick must not be queued before it runs.
        queueMicrotask(() => process.nextTick(step))
      }
      process.nextTick(step)
    })
  }

  #fireNext(): boolean {
    const entry = this.#take()
    if (entry === undefined) return false
    entry.fire?.()
    const next = this.#heap.first
    if (next !== undefined && next.at - this.now <= TOGETHER_MS && this.#random.chance(MEET)) {
      let turns = this.#random.int(0, MAX_TURNS)
      const meet = () => {
        if (turns-- > 0) queueMicrotask(meet)
        else this.#take()?.fire?.()
      }
      meet()
    }
    return true
  }

  #take(): Entry | undefined {
    for (let entry = this.#heap.pop(); entry !== undefined; entry = this.#heap.pop()) {
      if (entry.fire === undefined) continue
      this.now = entry.at
      return entry
    }
    return undefined
  }
}
