import type { Part } from "../functions/aggregate-function.js"
import { mergeState, type PartStates, reordered, signatureOf } from "../functions/part-states.js"
import { unpackValue } from "../packed-value.js"
import { coverSamples, insertSample } from "./samples.js"
import type { Coverage, Sample } from "./window.js"

/** Most single events in a tile; with one more it is folded. */
export const MAX_SINGLES = 16

/** The spans that time is divided into. */
export interface Span {
  /** Length of the hops of a folded tile, in milliseconds. */
  readonly hopMs: number
  /** When the span begins, epoch milliseconds; any fixed time will do where tiles are not compared with others. */
  startOf(ordinal: number): number
}

/** Span and parts, which all tiles of a window have in common. */
export interface TileKind {
  readonly span: Span
  readonly parts: readonly Part[]
}

/**
 * Keeps the events of one span of time: each event while there are few, then the time of the newest event and, for each
 * hop of the span, the states of the parts. As JSON it is a flat list, which is read and written faster than nested ones:
 * `[ordinal, 0, offset, value, offset, value, …]` or `[ordinal, signature, offset of the newest, hop, state, …, hop, state, …]`.
 */
export class Tile {
  /** Which of all spans it is of: later ones have larger ordinals. */
  readonly ordinal: number
  readonly #kind: TileKind
  /** Single events, or hops. */
  #cells: unknown[]
  /** Offset of the newest event; `undefined` while events are single. */
  #newest: number | undefined

  private constructor(kind: TileKind, ordinal: number, cells: unknown[], newest?: number) {
    this.#kind = kind
    this.ordinal = ordinal
    this.#cells = cells
    this.#newest = newest
  }

  static empty(kind: TileKind, ordinal: number): Tile {
    return new Tile(kind, ordinal, [])
  }

  static decode(kind: TileKind, text: string): Tile {
    const cells: unknown[] = JSON.parse(text)
    const [ordinal, signature] = cells.splice(0, 2) as [number, string | 0]
    if (signature === 0) return new Tile(kind, ordinal, cells)
    const newest = cells.shift() as number
    const isSame = signature === signatureOf(kind.parts)
    return new Tile(kind, ordinal, isSame ? cells : reorderedHops(cells, signature, kind.parts), newest)
  }

  encode(): string {
    const head = this.#newest === undefined ? [0] : [signatureOf(this.#kind.parts), this.#newest]
    return JSON.stringify([this.ordinal, ...head, ...this.#cells])
  }

  add({ time, value }: Sample): void {
    const offset = time - this.#start
    if (this.#newest !== undefined) {
      this.#newest = Math.max(this.#newest, offset)
      this.#addToHop(offset, value)
      return
    }
    insertSample(this.#cells, { time: offset, value })
    if (this.#cells.length > 2 * MAX_SINGLES) this.#fold()
  }

  /** The events of the tile after `after` and not after `until`, epoch milliseconds. */
  cover(after: number, until: number): Coverage {
    if (this.#newest === undefined) return coverSamples(this.#cells, after, until, this.#start)
    return this.#coverHops(after - this.#start, until - this.#start, this.#newest)
  }

  get #start(): number {
    return this.#kind.span.startOf(this.ordinal)
  }

  #coverHops(after: number, until: number, newestOfTile: number): Coverage {
    const { hopMs } = this.#kind.span
    const width = 1 + this.#kind.parts.length
    const folded: PartStates[] = []
    let [newest, toleranceMs] = [Number.NEGATIVE_INFINITY, 0]
    for (let i = 0; i < this.#cells.length; i += width) {
      const begin = (this.#cells[i] as number) * hopMs
      const last = Math.min(begin + hopMs - 1, newestOfTile)
      if (last <= after || begin > until) continue
      // A hop on the edge counts as a whole.
      toleranceMs = Math.max(toleranceMs, after + 1 - begin, last - until)
      newest = Math.min(last, until)
      folded.push(this.#cells.slice(i + 1, i + width))
    }
    return { singles: [], folded, newest: newest + this.#start, toleranceMs }
  }

  #fold(): void {
    const singles = this.#cells
    this.#newest = singles.at(-2) as number
    this.#cells = []
    for (let i = 0; i < singles.length; i += 2) {
      this.#addToHop(singles[i] as number, unpackValue(singles[i + 1]))
    }
  }

  #addToHop(offset: number, value: unknown): void {
    const { span, parts } = this.#kind
    const cells = this.#cells
    const hop = Math.floor(offset / span.hopMs)
    const time = offset + this.#start
    const width = 1 + parts.length
    let at = cells.length - width
    while (at >= 0 && (cells[at] as number) > hop) at -= width
    if (at < 0 || cells[at] !== hop) {
      cells.splice(at + width, 0, hop, ...parts.map((part) => part.of(value, time)))
      return
    }
    for (const [i, part] of parts.entries()) {
      cells[at + 1 + i] = mergeState(part, cells[at + 1 + i], part.of(value, time))
    }
  }
}

function reorderedHops(cells: readonly unknown[], signature: string, parts: readonly Part[]): unknown[] {
  const width = 1 + signature.split(",").length
  const hops: unknown[] = []
  for (let i = 0; i < cells.length; i += width) {
    hops.push(cells[i], ...reordered(cells.slice(i + 1, i + width), signature, parts))
  }
  return hops
}
