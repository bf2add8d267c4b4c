import type { Position } from "@fabra/events"

/** As much of a lane as is looked at here. */
export interface Queue {
  readonly state: string
  readonly items: readonly { readonly record: { readonly position: Position } }[]
}

/** One reading of a partition, from where it began: another object for each. */
export interface Pass {
  /** `""`: at the start of the session. */
  readonly after: Position
}

/** What one lane lacks. */
interface Gap {
  /** The last record that it has; the deferred ones stand after it. */
  after: Position
  /** How many records were deferred and not accepted since. */
  count: number
  /** The pass in which one of them went by. */
  missedIn: Pass
}

/**
 * Records that a partition's lanes have deferred, because enough was waiting behind a retry. They take no memory: they are
 * read again when their lane is empty. Their batches stay unsettled meanwhile, so that no checkpoint passes them.
 *
 * Reading again is a new *pass* over everything that was read of the partition since; other lanes skip what they have.
 */
export class Overflow {
  /** How many records are deferred. */
  size = 0
  readonly #gaps = new Map<Queue, Gap>()
  #pass: Pass = { after: "" }

  get pass(): Pass {
    return this.#pass
  }

  has(lane: Queue): boolean {
    return this.#gaps.has(lane)
  }

  /** Whether the lane defers a record that was read for the first time: when it is full, or lacks some before it. */
  defers(lane: Queue, limit: number): boolean {
    let gap = this.#gaps.get(lane)
    if (gap === undefined) {
      const last = lane.items.at(-1)
      if (!isFull(lane, limit) || last === undefined) return false
      gap = { after: last.record.position, count: 0, missedIn: this.#pass }
      this.#gaps.set(lane, gap)
    }
    gap.missedIn = this.#pass
    gap.count++
    this.size++
    return true
  }

  /** Whether the lane accepts a record that is read again: one that it has deferred, and none before it. */
  accepts(lane: Queue, position: Position, limit: number): boolean {
    const gap = this.#gaps.get(lane)
    if (gap === undefined || position <= gap.after) return false
    if (!this.#brings(gap) || isFull(lane, limit)) {
      gap.missedIn = this.#pass
      return false
    }
    gap.after = position
    this.size--
    if (--gap.count === 0) this.#gaps.delete(lane)
    return true
  }

  /** The lane is empty: after which record to read again; `undefined` when nothing is lacking, or is on its way. */
  rereadAfter(lane: Queue): Position | undefined {
    const gap = this.#gaps.get(lane)
    if (gap === undefined || this.#brings(gap)) return undefined
    let { after } = gap
    // What the current pass would still have brought, the new one must bring.
    for (const other of this.#gaps.values()) if (other.after < after && this.#brings(other)) after = other.after
    this.#pass = { after }
    return after
  }

  /** True when the current pass began in time for all that is lacking, and none of it has gone by. */
  #brings(gap: Gap): boolean {
    return gap.missedIn !== this.#pass && this.#pass.after <= gap.after
  }
}

function isFull({ state, items }: Queue, limit: number): boolean {
  return state === "waiting" && items.length >= limit
}
