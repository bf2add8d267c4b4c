import { dedupeKey, type EncodedEvent } from "../bus/base-bus.js"
import type { BusRecord, PublishResult } from "../bus/bus.js"
import type { Position } from "../bus/position.js"
import type { Clock } from "../clock.js"
import { BusFullError } from "../errors.js"
import type { Attempts } from "../log/log.js"

/** Positions sort as text: a counter with leading zeros. */
function spellPosition(counter: number): Position {
  return String(counter).padStart(16, "0")
}

/** More events a millisecond than that nobody appends. */
const PER_MS = 1_000

/** Who holds a partition, since when, since its last round and until when, in epoch milliseconds. */
export interface Lease {
  readonly consumer: string
  readonly life: string
  readonly takenAt: number
  readonly seenAt: number
  readonly until: number
}

/** What one group has said about one partition. */
interface GroupPartition {
  checkpoint: Position | null
  lease: Lease | undefined
  attempts: Map<Position, Set<string>>
}

/** What the partitions of a log keep together of what is settled. */
export class Retained {
  readonly maxBytes: number
  /** Of all records, settled or not. A character counts as a byte. */
  bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }
}

/** Options of {@link MemoryPartition}. */
export interface MemoryPartitionOptions {
  readonly dedupeWindowMs: number
  readonly maxRecords: number
  /** Default: nothing that is settled is kept. */
  readonly retained?: Retained
}

/** One partition of the memory bus: records, recent event ids, and what each group has said about it. */
export class MemoryPartition {
  readonly index: number
  readonly #clock: Clock
  readonly #dedupeWindowMs: number
  readonly #maxRecords: number
  readonly #retained: Retained
  #records: BusRecord[] = []
  #hasTrimmed = false
  readonly #start: number
  #counter: number
  /** In the order of arrival, so that the oldest ones stand in front. */
  readonly #recent = new Map<string, { position: Position; readonly until: number }>()
  readonly #groups = new Map<string, GroupPartition>()

  constructor(index: number, clock: Clock, options: MemoryPartitionOptions) {
    const { dedupeWindowMs, maxRecords, retained = new Retained(0) } = options
    this.index = index
    this.#clock = clock
    this.#dedupeWindowMs = dedupeWindowMs
    this.#maxRecords = maxRecords
    this.#retained = retained
    // Records may outlive this log. Were its positions not after those of the last one, its events would pass for old.
    this.#start = Math.floor(clock.now()) * PER_MS
    this.#counter = this.#start
  }

  get end(): Position | null {
    return this.#counter === this.#start ? null : spellPosition(this.#counter)
  }

  /** It still has its first record. */
  get isWhole(): boolean {
    return !this.#hasTrimmed
  }

  append({ eventId, entityId, data }: EncodedEvent): PublishResult {
    const now = this.#clock.now()
    for (const [id, { until }] of this.#recent) {
      if (until > now) break
      this.#recent.delete(id)
    }
    const identity = dedupeKey(eventId, entityId)
    const before = this.#recent.get(identity)
    if (before) {
      return { ok: true, eventId, partition: this.index, position: before.position, duplicate: true }
    }
    if (this.#records.length >= this.#maxRecords) this.#trim(1)
    if (this.#records.length >= this.#maxRecords) {
      const error = new BusFullError(
        `Partition ${this.index} holds ${this.#maxRecords} events that not every group has applied; publish again later.`,
      )
      return { ok: false, eventId, error }
    }
    const position = spellPosition(++this.#counter)
    this.#records.push({ position, data, acceptedAt: now })
    this.#retained.bytes += data.length
    if (this.#dedupeWindowMs > 0) this.#recent.set(identity, { position, until: now + this.#dedupeWindowMs })
    return { ok: true, eventId, partition: this.index, position, duplicate: false }
  }

  readAfter(position: Position | null, limit: number): BusRecord[] {
    const start = this.#indexAfter(position)
    return this.#records.slice(start, start + limit)
  }

  countAfter(position: Position | null): number {
    return this.#records.length - this.#indexAfter(position)
  }

  #indexAfter(position: Position | null): number {
    const first = this.#records[0]
    if (position === null || first === undefined) return 0
    // Positions are consecutive, so the place follows from the number.
    const offset = Number(position) - Number(first.position) + 1
    return Math.min(Math.max(offset, 0), this.#records.length)
  }

  group(name: string): GroupPartition {
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = { checkpoint: null, lease: undefined, attempts: new Map() }
      this.#groups.set(name, group)
    }
    return group
  }

  hasGroup(name: string): boolean {
    return this.#groups.has(name)
  }

  removeGroup(name: string): void {
    if (this.#groups.delete(name)) this.#trim()
  }

  writeCheckpoint(name: string, position: Position): void {
    const group = this.group(name)
    if (group.checkpoint !== null && group.checkpoint >= position) return
    group.checkpoint = position
    for (const noted of group.attempts.keys()) if (noted <= position) group.attempts.delete(noted)
    this.#trim()
  }

  noteAttempts(name: string, { positions, consumer, how }: Pick<Attempts, "positions" | "consumer" | "how">): number[] {
    const { attempts } = this.group(name)
    return positions.map((position) => {
      const consumers = attempts.get(position) ?? new Set()
      const others = consumers.size - (consumers.has(consumer) ? 1 : 0)
      if (how === "withdrawn") consumers.delete(consumer)
      else if (others === 0 || how === "alone") attempts.set(position, consumers.add(consumer))
      return others
    })
  }

  /**
   * Gives all records new positions, in their order and after all others, so that every group reads them as new ones.
   * @param isKept which of them; the others are dropped
   * @returns how many there are
   */
  startAgain(isKept: (record: BusRecord) => boolean): number {
    const moved = new Map<Position, Position>()
    const kept = this.#records.filter(isKept).map((record) => {
      const position = spellPosition(++this.#counter)
      moved.set(record.position, position)
      return { ...record, position }
    })
    this.#retained.bytes += bytesOf(kept) - bytesOf(this.#records)
    this.#records = kept
    for (const known of this.#recent.values()) known.position = moved.get(known.position) ?? known.position
    for (const { attempts } of this.#groups.values()) attempts.clear()
    return kept.length
  }

  /** Drops what every group has settled, if there are at least so many; never past the slowest one. */
  #trim(atLeast?: number): void {
    if (atLeast === undefined && this.#retained.bytes <= this.#retained.maxBytes) return
    let slowest: Position | undefined
    for (const { checkpoint } of this.#groups.values()) {
      if (checkpoint === null) return
      if (slowest === undefined || checkpoint < slowest) slowest = checkpoint
    }
    const settled = slowest === undefined ? 0 : this.#indexAfter(slowest)
    // Moving the rest costs its length, so by default wait until as much can go.
    if (settled === 0 || settled < (atLeast ?? this.#records.length / 2)) return
    this.#retained.bytes -= bytesOf(this.#records.slice(0, settled))
    this.#records = this.#records.slice(settled)
    this.#hasTrimmed = true
  }
}

function bytesOf(records: readonly BusRecord[]): number {
  return records.reduce((sum, { data }) => sum + data.length, 0)
}
