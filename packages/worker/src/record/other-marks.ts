import { decodeBookkeeping, encodeMark, NO_MARK, type PartitionMark } from "./bookkeeping.js"

/**
 * The marks of other partitions than the one at hand. They are kept as they are encoded: every commit of an entity that has events of
 * sixteen partitions writes fifteen marks that have not changed.
 */
export class OtherMarks {
  readonly #texts = new Map<number, string>()
  #joined = ""

  constructor(books: ReadonlyMap<number, PartitionMark>) {
    for (const [partition, mark] of books) this.#texts.set(partition, encodeMark(partition, mark))
    this.#join()
  }

  /** All of them, as they follow the mark at hand. */
  get text(): string {
    return this.#joined
  }

  /** Puts in the mark of one partition, and takes out that of another. */
  exchange(from: number, mark: PartitionMark, to: number): PartitionMark {
    const taken = this.#texts.get(to)
    this.#texts.delete(to)
    if (mark !== NO_MARK) this.#texts.set(from, encodeMark(from, mark))
    this.#join()
    return taken === undefined ? NO_MARK : (decodeBookkeeping(`{${taken}}`).get(to) ?? NO_MARK)
  }

  #join(): void {
    this.#joined = [...this.#texts.values()].join(",")
  }
}
