import { FabraError, type Position } from "@fabra/events"
import {
  type Attempts,
  type LeaseRequest,
  type LeaseView,
  type PartitionBatch,
  type PartitionedLog,
  type ReadOptions,
  sleep,
} from "@fabra/events/adapter"
import type { FileStore } from "./file-store.js"
import type { Attempt, GroupPartition } from "./groups.js"
import { syncLeases } from "./leases.js"
import { numberOf, spellPosition } from "./segments.js"

/** How often a waiting reader looks for what other processes have appended. */
const POLL_MS = 20

/** What `LogSubscription` needs. */
export class FileLog implements PartitionedLog {
  readonly partitions: number
  readonly #store: FileStore
  readonly #closed: () => void

  constructor(store: FileStore, closed: () => void) {
    this.partitions = store.logs.length
    this.#store = store
    this.#closed = closed
  }

  syncLeases(request: LeaseRequest): Promise<LeaseView> {
    const { groups, clock } = this.#store
    const endOf = (partition: number) => {
      const end = this.#store.log(partition).refresh()
      return end === 0 ? null : spellPosition(end)
    }
    return this.#locked(() => groups.change(request.group, (group) => syncLeases(group, request, clock.now(), endOf)))
  }

  async read(cursors: ReadonlyMap<number, Position | null>, options: ReadOptions): Promise<PartitionBatch[]> {
    const { maxEvents, maxWaitMs, signal } = options
    await sleep(this.#store.clock, 0) // reading files waits for nothing, so without this nothing else would run
    for (let waited = 0; ; waited += POLL_MS) {
      const batches = this.#readNow(cursors, maxEvents)
      const hasRecords = batches.some(({ records }) => records.length > 0)
      if (hasRecords || waited >= maxWaitMs || signal?.aborted) return batches
      await sleep(this.#store.clock, Math.min(POLL_MS, maxWaitMs - waited), signal)
    }
  }

  #readNow(cursors: ReadonlyMap<number, Position | null>, maxEvents: number): PartitionBatch[] {
    try {
      const all = [...cursors].map(([partition, position]) => {
        const log = this.#store.log(partition)
        return { partition, log, after: numberOf(position), end: log.refresh() }
      })
      const ready = all.filter(({ after, end }) => end > after)
      // Each partition gets its share, so that a long one does not starve the others.
      const share = Math.ceil(maxEvents / Math.max(1, ready.length))
      const batches = ready.map(({ partition, after, log }) => ({ partition, records: log.read(after, share) }))
      // Somebody has put older files back.
      const shortened = all.filter(({ after, end }) => end < after)
      return [...batches, ...shortened.map(({ partition }) => ({ partition, records: [], endsBeforeCursor: true }))]
    } catch (error) {
      throw FabraError.from(error, "bus_unavailable")
    }
  }

  writeCheckpoint(group: string, partition: number, position: Position): Promise<void> {
    return this.#locked(() => {
      this.#change(group, partition, (state) => {
        if (state.checkpoint !== null && state.checkpoint >= position) return
        state.checkpoint = position
        state.attempts = state.attempts.filter((attempt) => attempt.position > position)
      })
      this.#store.trim(partition)
    })
  }

  noteAttempts({ group, consumer, partition, positions, how }: Attempts): Promise<number[]> {
    return this.#locked(() =>
      this.#change(group, partition, (state) =>
        positions.map((position) => {
          const isOwn = (attempt: Attempt) => attempt.position === position && attempt.consumer === consumer
          const all = state.attempts.filter((attempt) => attempt.position === position)
          const others = all.filter((attempt) => !isOwn(attempt)).length
          if (how === "withdrawn") state.attempts = state.attempts.filter((attempt) => !isOwn(attempt))
          else if (all.length === others && (others === 0 || how === "alone"))
            state.attempts.push({ position, consumer })
          return others
        }),
      ),
    )
  }

  async close(): Promise<void> {
    this.#closed()
  }

  #change<T>(group: string, partition: number, change: (state: GroupPartition) => T): T {
    return this.#store.groups.change(group, ({ partitions }) => change(partitions[partition] as GroupPartition))
  }

  async #locked<T>(work: () => T): Promise<T> {
    try {
      return await this.#store.locked(work)
    } catch (error) {
      throw FabraError.from(error, "bus_unavailable")
    }
  }
}
