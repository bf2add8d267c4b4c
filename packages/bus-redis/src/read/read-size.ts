import type { PartitionBatch } from "@fabra/events/adapter"

/** About how many characters one read may bring, so that large events do not fill the memory. */
const READ_CHARACTERS = 16_000_000
/** What an event is taken to measure before the first one was seen: rather too large. */
const FIRST_GUESS = 16_000

/**
 * How many records to ask of each partition: Redis counts per stream, a reader wants about so many in all. Learns from
 * each read how many partitions have news, and how large events are.
 */
export class ReadSize {
  #busy = Number.POSITIVE_INFINITY
  #characters = FIRST_GUESS

  /** The count for each of `asked` partitions when about `maxEvents` are wanted in all. */
  next(asked: number, maxEvents: number): number {
    // A quarter at least: should all have news at once after few had, the read brings four times as much, not P times.
    const busy = Math.max(asked / 4, Math.min(this.#busy, asked))
    const bearable = READ_CHARACTERS / this.#characters
    return Math.max(1, Math.min(maxEvents, Math.ceil(Math.min(maxEvents, bearable) / busy)))
  }

  /** What a read brought. One that brought nothing teaches nothing. */
  learn(batches: readonly PartitionBatch[]): void {
    if (batches.length === 0) return
    let records = 0
    let characters = 0
    for (const batch of batches) {
      records += batch.records.length
      for (const { data } of batch.records) characters += data.length
    }
    this.#busy = batches.length
    const average = characters / records
    // Fast to grow, slow to shrink.
    this.#characters = Math.max(1, average, (this.#characters + average) / 2)
  }
}
