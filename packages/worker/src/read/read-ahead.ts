import type { Subscription } from "@fabra/events"
import type { PartitionRun } from "../partition/partition-run.js"

/** How much may be read and not settled. */
interface Limit {
  readonly events: number
  /** Of their wire form, about. In memory they take several times as much. */
  readonly bytes: number
}

const OF_ONE: Limit = { events: 10_000, bytes: 16 * 1024 * 1024 }
const OF_ALL: Limit = { events: 50_000, bytes: 64 * 1024 * 1024 }

/**
 * Bounds what waits in memory: a partition that has read enough is paused until half of it is settled. Once all together
 * have enough, each may keep its share, so that those with nothing to wait for go on.
 */
export class ReadAhead {
  readonly #runs: ReadonlyMap<number, PartitionRun>
  readonly #paused = new Set<number>()

  constructor(runs: ReadonlyMap<number, PartitionRun>) {
    this.#runs = runs
  }

  /** The partition has been read. */
  hold(run: PartitionRun, subscription: Subscription): void {
    if (!this.#isFull(run, 1)) return
    subscription.pause(run.partition)
    this.#paused.add(run.partition)
  }

  /** Something was settled, of any partition. */
  release(subscription: Subscription): void {
    for (const partition of this.#paused) {
      const run = this.#runs.get(partition)
      if (run !== undefined && this.#isFull(run, 0.5)) continue
      this.#paused.delete(partition)
      subscription.resume(partition)
    }
  }

  #isFull(run: PartitionRun, part: number): boolean {
    if (reaches(run, OF_ONE, part)) return true
    if (!reaches(run, OF_ALL, part / this.#runs.size)) return false
    const all = { unsettled: 0, unsettledBytes: 0 }
    for (const { unsettled, unsettledBytes } of this.#runs.values()) {
      all.unsettled += unsettled
      all.unsettledBytes += unsettledBytes
    }
    return reaches(all, OF_ALL, part)
  }
}

function reaches(
  run: Pick<PartitionRun, "unsettled" | "unsettledBytes">,
  { events, bytes }: Limit,
  part: number,
): boolean {
  return run.unsettled >= part * events || run.unsettledBytes >= part * bytes
}
