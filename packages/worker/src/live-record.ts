import type { EntityRecord, StoredValue } from "@fabra/core"
import { type Bookkeeping, decodeBookkeeping, NO_MARK, type PartitionMark } from "./bookkeeping.js"

// Stay empty. Most records have no flags, and nearly all nothing of other partitions.
const NO_FLAGS = new Set<string>()
const NO_OTHERS: Bookkeeping = new Map()

/**
 * An entity's record as the worker holds it while it owns a partition: as last confirmed by the cache. Every event passes
 * one, and there are many: it is made of few objects.
 */
export class LiveRecord {
  token: string | null
  /** What is settled of the partition for which it was loaded. */
  mark: PartitionMark
  /** What is settled of others. */
  readonly others: Bookkeeping
  /** About how many bytes it takes in memory. */
  bytes = 500
  readonly #values = new Map<string, { -readonly [Field in keyof StoredValue]: StoredValue[Field] }>()
  #flags: Set<string>

  constructor({ token, state, remains, flags, values }: EntityRecord, partition: number) {
    const books = decodeBookkeeping(state ?? remains)
    this.token = token
    this.mark = books.get(partition) ?? NO_MARK
    books.delete(partition)
    // Of what stands for all that was removed, only the partition at hand concerns this entity.
    this.others = books.size === 0 || state === null ? NO_OTHERS : books
    this.#flags = NO_FLAGS
    for (const flag of flags) this.addFlag(flag)
    for (const [name, value] of values) this.setValue(name, value)
  }

  /** To be read at once: the next commit changes it. */
  value(name: string): StoredValue | undefined {
    return this.#values.get(name)
  }

  get flags(): ReadonlySet<string> {
    return this.#flags
  }

  setValue(name: string, value: StoredValue): void {
    const kept = this.#values.get(name)
    if (kept === undefined) {
      this.bytes += 160 + 2 * (name.length + value.text.length)
      this.#values.set(name, { ...value })
      return
    }
    // In place: what lives as long as the record is not made anew with every event, for the collector to move and to drop.
    this.bytes += 2 * (value.text.length - kept.text.length)
    kept.text = value.text
    kept.eventTime = value.eventTime
    kept.computedAt = value.computedAt
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
