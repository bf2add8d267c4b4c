import { BusFullError, type Position, type PublishResult } from "@fabra/events"
import { type BusRecord, decodeEvent, dedupeKey, type EncodedEvent } from "@fabra/events/adapter"
import { numberOf, type Segments, spellPosition } from "./segments.js"

/** What a partition may hold, and how long it knows an event id. */
export interface PartitionLimits {
  readonly dedupeWindowMs: number
  readonly maxEventsPerPartition: number
}

interface Known {
  readonly position: Position
  readonly acceptedAt: number
}

/**
 * Writes to one partition. Which ids it has accepted lately it learns from the log itself: no crash can come between a
 * record and the memory of it.
 */
export class PartitionWriter {
  readonly #index: number
  readonly #segments: Segments
  readonly #limits: PartitionLimits
  /** In the order of the log, so that the oldest ones stand in front. */
  readonly #known = new Map<string, Known>()
  #learnt: number | undefined
  #newest = 0

  constructor(index: number, segments: Segments, limits: PartitionLimits) {
    this.#index = index
    this.#segments = segments
    this.#limits = limits
  }

  /**
   * Appends events that it does not know, as far as there is room. Under the lock.
   * @param settled number of the last record that every group has settled
   */
  append(events: readonly EncodedEvent[], now: number, settled: number): PublishResult[] {
    let end = this.#segments.refresh()
    // A group that came late has settled nothing, and has nothing to settle of what was dropped.
    const most = Math.max(settled, this.#segments.first() - 1) + this.#limits.maxEventsPerPartition
    this.#learn(now)
    // Not before its predecessor, whatever the wall clock was set to.
    const acceptedAt = Math.max(now, this.#newest)
    const fresh = new Map<string, Position>()
    const records: BusRecord[] = []
    const results = events.map(({ eventId, entityId, data }): PublishResult => {
      const key = dedupeKey(eventId, entityId)
      const first = this.#known.get(key)?.position ?? fresh.get(key)
      if (first !== undefined) return { ok: true, eventId, partition: this.#index, position: first, duplicate: true }
      if (end >= most) return { ok: false, eventId, error: this.#full() }
      const position = spellPosition(++end)
      records.push({ position, acceptedAt, data })
      if (this.#limits.dedupeWindowMs > 0) fresh.set(key, position)
      return { ok: true, eventId, partition: this.#index, position, duplicate: false }
    })
    if (records.length > 0) this.#segments.append(records)
    return results
  }

  /** Drops what every group has settled and no publisher can repeat. Under the lock. */
  trim(settled: number, now: number): void {
    this.#segments.refresh()
    this.#segments.trim(settled, now - this.#limits.dedupeWindowMs)
  }

  /** Reads what others, or this process itself, have appended; forgets what is out of the window. */
  #learn(now: number): void {
    const since = now - this.#limits.dedupeWindowMs
    this.#learnt ??= this.#segments.firstSince(since) - 1
    for (;;) {
      const records = this.#segments.read(this.#learnt, 1000)
      if (records.length === 0) break
      for (const { position, acceptedAt, data } of records) {
        this.#newest = Math.max(this.#newest, acceptedAt)
        this.#learnt = numberOf(position)
        const key = keyOf(data)
        if (key === undefined || acceptedAt <= since) continue
        this.#known.delete(key)
        this.#known.set(key, { position, acceptedAt })
      }
    }
    for (const [key, { acceptedAt }] of this.#known) {
      if (acceptedAt > since) break
      this.#known.delete(key)
    }
  }

  #full(): BusFullError {
    const { maxEventsPerPartition } = this.#limits
    return new BusFullError(
      `Partition ${this.#index} holds ${maxEventsPerPartition} events that not every group has settled; publish again later.`,
    )
  }
}

/** What stands in a log may have been written by anybody. */
function keyOf(data: string): string | undefined {
  try {
    const { eventId, entityId } = decodeEvent(data, Number.POSITIVE_INFINITY)
    return dedupeKey(eventId, entityId)
  } catch {
    return undefined
  }
}
