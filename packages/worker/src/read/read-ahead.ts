import type { Subscription } from "@fabra/events/adapter"
import type { PartitionSession } from "../partition/partition-session.js"

/** How much may be read and not yet settled. */
interface Limit {
  readonly events: number
  /** Of their wire form. In memory events take several times as much. */
  readonly bytes: number
}

const OF_ONE: Limit = { events: 10_000, bytes: 16 * 1024 * 1024 }
const OF_ALL: Limit = { events: 50_000, bytes: 64 * 1024 * 1024 }

/**
 * Bounds what waits in memory: a partition that has read enough is paused until half of it is settled. Once all partitions
 * together have read enough, each may keep its share, so that partitions that wait for nothing go on.
 */
export class ReadAhead {
  readonly #sessions: ReadonlyMap<number, PartitionSession>
  readonly #paused = new Set<number>()

  constructor(sessions: ReadonlyMap<number, PartitionSession>) {
    this.#sessions = sessions
  }

  /** The partition has been read. */
  hold(session: PartitionSession, subscription: Subscription): void {
    if (!this.#isFull(session, 1)) return
    subscription.pause(session.partition)
    this.#paused.add(session.partition)
  }

  /** Events of any partition were settled. */
  release(subscription: Subscription): void {
    for (const partition of this.#paused) {
      const session = this.#sessions.get(partition)
      if (session !== undefined && this.#isFull(session, 0.5)) continue
      this.#paused.delete(partition)
      subscription.resume(partition)
    }
  }

  #isFull(session: PartitionSession, part: number): boolean {
    if (reaches(session, OF_ONE, part)) return true
    if (!reaches(session, OF_ALL, part / this.#sessions.size)) return false
    const all = { unsettled: 0, unsettledBytes: 0 }
    for (const { unsettled, unsettledBytes } of this.#sessions.values()) {
      all.unsettled += unsettled
      all.unsettledBytes += unsettledBytes
    }
    return reaches(all, OF_ALL, part)
  }
}

function reaches(
  session: Pick<PartitionSession, "unsettled" | "unsettledBytes">,
  { events, bytes }: Limit,
  part: number,
): boolean {
  return session.unsettled >= part * events || session.unsettledBytes >= part * bytes
}
