import type { StateReader, StateWriter } from "@fabra/core/adapter"
import type { Part } from "../functions/aggregate-function.js"
import type { PartStates } from "../functions/part-states.js"
import { type Span, Tile } from "./tile.js"
import type { Coverage, Sample } from "./window.js"

/**
 * A fixed number of tiles, each in a field of its own: the tile of a span stands in the place of the one that stood there a
 * round before. So an event rewrites one field, what is too old is overwritten, and a read names its fields beforehand.
 */
export class Ring {
  readonly fields: readonly string[]
  readonly #span: Span

  constructor(key: string, size: number, span: Span) {
    this.fields = Array.from({ length: size }, (_, i) => `${key}/${i}`)
    this.#span = span
  }

  /** Returns false when a later tile stands in the place already. */
  add(state: StateWriter, ordinal: number, sample: Sample, parts: readonly Part[]): boolean {
    const field = this.#fieldOf(ordinal)
    const text = state.get(field)
    const kind = { span: this.#span, parts }
    const there = text === undefined ? undefined : Tile.decode(kind, text)
    if (there !== undefined && there.ordinal > ordinal) return false
    const tile = there?.ordinal === ordinal ? there : Tile.empty(kind, ordinal)
    tile.add(sample)
    state.set(field, tile.encode())
    return true
  }

  /** The tile of a span; `"overwritten"` when a later one stands in its place. */
  tile(state: StateReader, ordinal: number, parts: readonly Part[]): Tile | "overwritten" | undefined {
    const text = state.get(this.#fieldOf(ordinal))
    if (text === undefined) return undefined
    const tile = Tile.decode({ span: this.#span, parts }, text)
    if (tile.ordinal > ordinal) return "overwritten"
    return tile.ordinal === ordinal ? tile : undefined
  }

  #fieldOf(ordinal: number): string {
    const size = this.fields.length
    return this.fields[((ordinal % size) + size) % size] as string
  }
}

/** Joins the coverage of several tiles, older ones first. */
export function joined(all: readonly Coverage[]): Coverage {
  const [singles, folded]: [unknown[], PartStates[]] = [[], []]
  let [newest, toleranceMs] = [Number.NEGATIVE_INFINITY, 0]
  for (const one of all) {
    for (const cell of one.singles) singles.push(cell) // `flatMap` takes five times as long
    for (const states of one.folded) folded.push(states)
    newest = Math.max(newest, one.newest)
    toleranceMs = Math.max(toleranceMs, one.toleranceMs)
  }
  return { singles, folded, newest, toleranceMs }
}
