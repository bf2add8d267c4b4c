/** Something that is to happen at a time. Without `fire` it has been called off. */
export interface Entry {
  readonly at: number
  /** Of two at the same time the one that was added first comes first. */
  readonly order: number
  fire: (() => void) | undefined
}

/** What is to happen, soonest first: a binary heap. */
export class Heap {
  readonly #entries: Entry[] = []

  get first(): Entry | undefined {
    return this.#entries[0]
  }

  push(entry: Entry): void {
    const entries = this.#entries
    let i = entries.length
    entries.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(entry, entries[parent] as Entry)) break
      entries[i] = entries[parent] as Entry
      i = parent
    }
    entries[i] = entry
  }

  pop(): Entry | undefined {
    const entries = this.#entries
    const first = entries[0]
    const last = entries.pop()
    if (last === undefined || entries.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= entries.length) break
      if (child + 1 < entries.length && isBefore(entries[child + 1] as Entry, entries[child] as Entry)) child++
      if (!isBefore(entries[child] as Entry, last)) break
      entries[i] = entries[child] as Entry
      i = child
    }
    entries[i] = last
    return first
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
