import type { BusRecord, LeaseRequest, LeaseView, PartitionBatch, PartitionedLog, ReadOptions } from "../src/adapter.js"
import type { Position } from "../src/index.js"

/** A log whose every answer, delay and failure a test decides. One member asks it; the others are only names. */
export class FakeLog implements PartitionedLog {
  readonly partitions = 2
  readonly requests: LeaseRequest[] = []
  readonly checkpoints: unknown[][] = []
  /** Other members, who are there as long as they are named here. */
  others: string[] = []
  /** Partitions that others have taken. */
  taken = new Set<number>()
  /** Whether another life of the member has joined. */
  isSuperseded = false
  /** Thrown by every round of lease keeping while it is set. */
  leaseFault: Error | undefined
  /** Thrown by every read while it is set. */
  readFault: Error | undefined
  /** Awaited by every round of lease keeping before it answers. */
  hold: Promise<void> | undefined
  records = new Map<number, BusRecord[]>()
  /** Partitions that end before the cursor. A read tells of them at once. */
  shortened = new Set<number>()
  reads = 0
  closed = 0

  async syncLeases(request: LeaseRequest): Promise<LeaseView> {
    this.requests.push(request)
    await this.hold
    if (this.leaseFault) throw this.leaseFault
    if (this.isSuperseded) return { sharing: this.others, isSuperseded: true, held: [], taken: [] }
    const free = (partition: number) => !this.taken.has(partition)
    return {
      sharing: request.leaving ? this.others : [request.consumer, ...this.others],
      held: request.held.filter(free),
      taken: request.wanted.filter(free).map((partition) => ({ partition, checkpoint: null, quarantineUntil: null })),
    }
  }

  async read(cursors: ReadonlyMap<number, Position | null>, { signal }: ReadOptions): Promise<PartitionBatch[]> {
    this.reads++
    if (this.readFault) throw this.readFault
    const batches = [...cursors].flatMap(([partition, after]) => {
      const records = (this.records.get(partition) ?? []).filter(({ position }) => position > (after ?? ""))
      return records.length > 0 ? [{ partition, records }] : []
    })
    const shortened = [...this.shortened].map((partition) => ({ partition, records: [], endsBeforeCursor: true }))
    if (batches.length + shortened.length > 0 || signal?.aborted) return [...batches, ...shortened]
    await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }))
    return []
  }

  async writeCheckpoint(...args: unknown[]): Promise<void> {
    this.checkpoints.push(args)
  }

  async noteAttempts(): Promise<number[]> {
    return []
  }

  async close(): Promise<void> {
    this.closed++
  }
}

/** A record whose position and data are `text`. */
export function record(text: string): BusRecord {
  return { position: text, data: text, acceptedAt: 0 }
}
