import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { Position } from "@fabra/events"
import type { BusRecord } from "@fabra/events/adapter"
import { LineFile } from "./line-file.js"

const DIGITS = 12

/** Positions sort as text: the number of the record with leading zeros. */
export function spellPosition(number: number): Position {
  return String(number).padStart(DIGITS, "0")
}

/** The number of the record at a position; `null`: 0, before the first one. */
export function numberOf(position: Position | null): number {
  return Number(position ?? 0)
}

interface Segment {
  /** Number of its first record, which is also its name. */
  readonly first: number
  readonly file: LineFile
}

/**
 * The log of one partition: records numbered from 1, one a line (`position acceptedAt data`), in files named by their
 * first record. What is old goes file by file; the newest file always stays, so that no number is given twice.
 */
export class Segments {
  readonly #directory: string
  readonly #prefix: string
  readonly #maxBytes: number
  #segments: Segment[] = []

  constructor(directory: string, partition: number, maxBytes: number) {
    this.#directory = directory
    this.#prefix = `partition-${String(partition).padStart(4, "0")}-`
    this.#maxBytes = maxBytes
  }

  /** Looks what is there; returns the number of the newest record, 0 when there has never been one. */
  refresh(): number {
    for (;;) {
      const newest = this.#segments.at(-1)
      if (newest === undefined || !newest.file.refresh()) {
        // New here, or idle for so long that others have dropped all that this process knew.
        this.#list()
        if (this.#segments.length === 0) return 0
        continue
      }
      const end = newest.first + newest.file.count - 1
      // Only a full file has a successor, and its name is known: no record can come between the two.
      if (newest.file.bytes < this.#maxBytes) return end
      const next = this.#segment(end + 1)
      next.file.refresh()
      if (next.file.count === 0) return end
      this.#segments.push(next)
    }
  }

  /** Number of the oldest record that is kept, as of the last {@link refresh}. */
  first(): number {
    while (this.#segments.length > 1 && !existsSync(this.#segments[0]?.file.path ?? "")) this.#segments.shift()
    return this.#segments[0]?.first ?? 1
  }

  /** Records after the given number, at least one if there is one and at most `limit`, as of the last {@link refresh}. */
  read(after: number, limit: number): BusRecord[] {
    const segment = this.#segments.findLast(({ first }) => first <= after + 1) ?? this.#segments[0]
    if (segment === undefined) return []
    if (!segment.file.refresh()) {
      // Another process has dropped it. What is left is the oldest that there is.
      this.refresh()
      return this.first() > segment.first ? this.read(after, limit) : []
    }
    return segment.file.read(Math.max(0, after + 1 - segment.first), limit).map(parseRecord)
  }

  /** Adds records after the newest one. Under the lock, after a {@link refresh}. */
  append(records: readonly BusRecord[]): void {
    const lines = records.map(({ position, acceptedAt, data }) => `${position} ${acceptedAt} ${data}`)
    for (let i = 0; i < lines.length; ) {
      let newest = this.#segments.at(-1)
      if (newest === undefined || newest.file.bytes >= this.#maxBytes) {
        newest = this.#segment(newest === undefined ? 1 : newest.first + newest.file.count)
        this.#segments.push(newest)
      }
      const start = i
      for (let bytes = newest.file.bytes; bytes < this.#maxBytes && i < lines.length; i++) {
        bytes += lines[i]?.length ?? 0
      }
      newest.file.append(lines.slice(start, i))
    }
  }

  /** Drops files of which no record comes after `number` and none was accepted at or after `time`. Under the lock. */
  trim(number: number, time: number): void {
    for (this.first(); ; ) {
      const [oldest, next] = this.#segments
      if (oldest === undefined || next === undefined || next.first > number + 1) return
      const [last] = this.read(next.first - 2, 1)
      if (last === undefined || last.acceptedAt >= time) return
      rmSync(oldest.file.path)
      this.#segments.shift()
    }
  }

  /** Number of the first record of the oldest file that holds any accepted at or after `time`. */
  firstSince(time: number): number {
    const later = this.#segments.findLastIndex(({ first }) => (this.read(first - 1, 1)[0]?.acceptedAt ?? 0) < time)
    return this.#segments[Math.max(0, later)]?.first ?? 1
  }

  #list(): void {
    const names = readdirSync(this.#directory).filter((name) => name.startsWith(this.#prefix))
    this.#segments = names.sort().map((name) => this.#segment(Number(name.slice(this.#prefix.length, -".log".length))))
  }

  #segment(first: number): Segment {
    return { first, file: new LineFile(join(this.#directory, `${this.#prefix}${spellPosition(first)}.log`)) }
  }
}

function parseRecord(line: string): BusRecord {
  const [position = "", acceptedAt = ""] = line.split(" ", 2)
  return { position, acceptedAt: Number(acceptedAt), data: line.slice(position.length + acceptedAt.length + 2) }
}
