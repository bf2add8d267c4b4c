import type { EntityRecord, Epoch, StoredValue } from "@fabra/core/adapter"
import { decodeBookkeeping, NO_MARK, type PartitionMark } from "./bookkeeping.js"
import { OtherMarks } from "./other-marks.js"
import { type Places, RecordValues } from "./record-values.js"

// Stays empty: most records have no flags.
const NO_FLAGS = new Set<string>()

/**
 * An entity's record as the worker holds it while it owns a partition: as last confirmed by the cache. It consists of few
 * objects, since there are many records and every event reads one.
 */
export class LiveRecord {
  version: string | null
  /** What is settled of the partition for which it was loaded. */
  mark: PartitionMark
  /** What is settled of others. */
  others: OtherMarks | undefined
  /** Which epoch of the cache has confirmed it last. */
  epoch: Epoch
  /** About how many bytes it takes in memory. */
  bytes: number
  readonly #values: RecordValues
  #flags: Set<string>

  /** @param isShared other partitions have events of the entity, too */
  constructor(
    { version, state, tombstone, flags, values, epoch }: EntityRecord,
    partition: number,
    places: Places,
    isShared = false,
  ) {
    const books = decodeBookkeeping(state ?? tombstone)
    this.version = version
    this.epoch = epoch
    this.mark = books.get(partition) ?? NO_MARK
    books.delete(partition)
    // Of what stands for all that was removed, only the partition at hand concerns an entity that has events of no other.
    this.others = books.size === 0 || (state === null && !isShared) ? undefined : new OtherMarks(books)
    this.bytes = 500 + 48 * places.size
    this.#values = new RecordValues(places)
    this.#flags = NO_FLAGS
    for (const flag of flags) this.addFlag(flag)
    for (const [name, value] of values) this.setValue(name, value)
  }

  /** Another partition's lane of the same entity takes the record over. */
  rebind(from: number, to: number): void {
    this.others ??= new OtherMarks(new Map())
    this.mark = this.others.exchange(from, this.mark, to)
  }

  value(name: string): StoredValue | undefined {
    return this.#values.get(name)
  }

  /** See {@link RecordValues.lastEventTime}. */
  lastEventTime(name: string): number {
    return this.#values.lastEventTime(name)
  }

  get flags(): ReadonlySet<string> {
    return this.#flags
  }

  setValue(name: string, value: StoredValue): void {
    this.bytes += this.#values.set(name, value)
  }

  addFlag(flag: string): void {
    if (this.#flags === NO_FLAGS) this.#flags = new Set()
    if (!this.#flags.has(flag)) this.bytes += 100 + 2 * flag.length
    this.#flags.add(flag)
  }

  removeFlag(flag: string): void {
    if (this.#flags.delete(flag)) this.bytes -= 100 + 2 * flag.length
  }
}
