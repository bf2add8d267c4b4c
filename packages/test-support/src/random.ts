/** Mulberry32 (Tommy Ettinger, public domain): numbers in [0, 1), the same ones for the same state. */
export function mulberry32(state: number): () => number {
  let current = state
  return () => {
    current = (current + 0x6d2b79f5) | 0
    let mixed = Math.imul(current ^ (current >>> 15), 1 | current)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Chance that repeats with its state. */
export class Random {
  /** A number in [0, 1). */
  readonly next: () => number

  constructor(state: number) {
    this.next = mulberry32(state)
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** @throws Error when there is nothing to pick from */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error("There is nothing to pick from.")
    return items[this.int(0, items.length - 1)] as T
  }
}
