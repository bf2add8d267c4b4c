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

/** One partition of the memory bus: records, recent event ids, and what each group has said about it. */
export class MemoryPartition {
  readonly index: number
  readonly #clock: Clock
  readonly #dedupeWindowMs: number
  readonly #maxRecords: number
  #records: BusRecord[] = []
  readonly #start: number
  #counter: number
  /** In the order of arrival, so that the oldest ones stand in front. */
  readonly #recent = new Map<string, { position: Position; until: number }>()
  readonly #groups = new Map<string, GroupPartition>()

  constructor(index: number, clock: Clock, dedupeWindowMs: number, maxRecords: number) {
    this.index = index
    this.#clock = clock
    this.#dedupeWindowMs = dedupeWindowMs
    this.#maxRecords = maxRecords
    // Records may outlive this log. Were its positions not after those of the last one, its events would pass for old.
    this.#start = Math.floor(clock.now()) * PER_MS
    this.#counter = this.#start
  }

  get end(): Position | null {
    return this.#counter === this.#start ? null : spellPosition(this.#counter)
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

  /** Drops what every group has settled, if there are at least so many; never past the slowest one. */
  #trim(atLeast = this.#records.length / 2): void {
    let slowest: Position | undefined
    for (const { checkpoint } of this.#groups.values()) {
      if (checkpoint === null) return
      if (slowest === undefined || checkpoint < slowest) slowest = checkpoint
    }
    const settled = slowest === undefined ? 0 : this.#indexAfter(slowest)
    // Moving the rest costs its length, so by default wait until as much can go.
    if (settled > 0 && settled >= atLeast) this.#records = this.#records.slice(settled)
  }
}
