import type { Position } from "@fabra/events"

/** Consecutive records that were read together. */
export interface ReadBatch {
  /** Position of the last of them. */
  readonly end: Position
  readonly records: number
  /** How many of them are not settled yet. */
  pending: number
}

interface SettledPoint {
  /** In which tick the records up to `position` were all settled. */
  readonly tick: number
  readonly position: Position
  /** Records since the partition was assigned, up to `position`. */
  readonly records: number
}

/** A position up to which everything is settled, long enough ago. */
export interface SafePoint {
  readonly position: Position
  readonly records: number
}

/**
 * How far a partition is settled: the end of the contiguous settled prefix, and since when.
 *
 * Time is counted in ticks of the worker's own timer, so that neither setting the wall clock nor stopping the process makes
 * a settlement look older than it is.
 */
export class Progress {
  readonly #reading: ReadBatch[] = []
  readonly #settled: SettledPoint[] = []
  #tick = 0
  #records: number
  #end: SafePoint | undefined

  /** @param records how many records since the assignment lie before the first one that will be added */
  constructor(records: number) {
    this.#records = records
  }

  add(batch: ReadBatch): void {
    this.#reading.push(batch)
  }

  /** The last position of the settled prefix. */
  get end(): Position | undefined {
    return this.#end?.position
  }

  /** How many batches are kept. */
  get size(): number {
    return this.#reading.length
  }

  /** The batch, not settled, in which a record stands. */
  batchOf(position: Position): ReadBatch | undefined {
    return this.#reading.find(({ end }) => end >= position)
  }

  /** Finds how far the settled prefix reaches now. To be called after a batch's `pending` has become 0. */
  advance(): void {
    let done = 0
    for (const batch of this.#reading) {
      if (batch.pending > 0) break
      this.#records += batch.records
      this.#end = { position: batch.end, records: this.#records }
      done++
    }
    if (done === 0 || this.#end === undefined) {
      this.#compact()
      return
    }
    this.#reading.splice(0, done)
    // One point a tick is enough: it stands for the newest settlement in it.
    if (this.#settled.at(-1)?.tick === this.#tick) this.#settled.pop()
    this.#settled.push({ tick: this.#tick, ...this.#end })
  }

  /** Joins settled batches, which would otherwise pile up behind one that stays unsettled for long. */
  #compact(): void {
    for (let i = this.#reading.length - 1; i > 0; i--) {
      const [before, batch] = this.#reading.slice(i - 1, i + 1) as [ReadBatch, ReadBatch]
      if (before.pending > 0 || batch.pending > 0) continue
      const records = before.records + batch.records
      this.#reading.splice(i - 1, 2, { end: batch.end, records, pending: 0 })
    }
  }

  tick(): void {
    this.#tick++
  }

  /** The furthest point that was reached at least `ticks` whole ticks ago; `undefined` when there is none. */
  safe(ticks: number): SafePoint | undefined {
    const limit = ticks === 0 ? this.#tick : this.#tick - ticks - 1
    return this.#settled.findLast((point) => point.tick <= limit)
  }

  /** Forgets the points that a stored checkpoint covers. */
  forget(position: Position): void {
    const next = this.#settled.findIndex((point) => point.position > position)
    this.#settled.splice(0, next === -1 ? this.#settled.length : next)
  }
}
