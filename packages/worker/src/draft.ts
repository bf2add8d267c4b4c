import type { EntityChange, EntityKey, StoredValue } from "@fabra/core"
import type { NewDeadLetter, Position } from "@fabra/events"
import { encodeBookkeeping, NO_MARK, type PartitionMark } from "./bookkeeping.js"
import { type LiveRecord, withMark } from "./live-record.js"

/**
 * What some events, in order, make of a record: not yet committed, thrown away without a trace when the commit does not
 * apply. Becomes one {@link EntityChange}.
 */
export class Draft {
  readonly record: LiveRecord
  readonly partition: number
  /** Dead letters that must be durable before this is committed. */
  readonly deadLetters: NewDeadLetter[] = []
  /** Whether there is anything to commit. A mark alone is not: events that change nothing may be read again. */
  dirty = false
  #mark: PartitionMark
  readonly #values = new Map<string, StoredValue>()
  readonly #addFlags = new Set<string>()
  readonly #removeFlags = new Set<string>()

  constructor(record: LiveRecord, partition: number) {
    this.record = record
    this.partition = partition
    this.#mark = record.books.get(partition) ?? NO_MARK
  }

  get mark(): Position {
    return this.#mark.mark
  }

  /** Events are taken in order, so the note of a half-done one says too that all before it are settled. */
  isSettled(position: Position): boolean {
    const { mark, halfDone } = this.#mark
    return position <= mark || (halfDone !== undefined && position < halfDone.position)
  }

  value(name: string): StoredValue | undefined {
    return this.#values.get(name) ?? this.record.values.get(name)
  }

  setValue(name: string, value: StoredValue): void {
    this.#values.set(name, value)
    this.dirty = true
  }

  hasFlag(flag: string): boolean {
    return this.#addFlags.has(flag) || (this.record.flags.has(flag) && !this.#removeFlags.has(flag))
  }

  /** Whether any event of the entity lies in the dead-letter queue. */
  get isMarkedDead(): boolean {
    if (this.#addFlags.size > 0) return true
    for (const flag of this.record.flags) if (!this.#removeFlags.has(flag)) return true
    return false
  }

  addFlag(flag: string): void {
    this.#removeFlags.delete(flag)
    this.#addFlags.add(flag)
    this.dirty = true
  }

  removeFlag(flag: string): void {
    this.#addFlags.delete(flag)
    this.#removeFlags.add(flag)
    this.dirty = true
  }

  /** Features of the event at `position` that an earlier commit has already applied. */
  doneBefore(position: Position): readonly string[] {
    const { halfDone } = this.#mark
    return halfDone?.position === position ? halfDone.features : []
  }

  /**
   * Every feature of the event at `position` is applied, dead-lettered or not concerned.
   * @param durably the mark is to be committed though nothing else has changed
   */
  settle(position: Position, durably: boolean): void {
    if (durably || this.#mark.halfDone !== undefined) this.dirty = true
    this.#mark = { mark: position }
  }

  /** Only these features of the event at `position` are; the others are being retried. */
  settlePartly(position: Position, features: readonly string[]): void {
    if (features.length === this.doneBefore(position).length) return
    this.#mark = { mark: this.#mark.mark, halfDone: { position, features } }
    this.dirty = true
  }

  toChange(key: EntityKey, group: string, token: string): EntityChange {
    return {
      key,
      group,
      baseToken: this.record.token,
      token,
      state: encodeBookkeeping(withMark(this.record.books, this.partition, this.#mark)),
      values: [...this.#values],
      addFlags: [...this.#addFlags],
      removeFlags: [...this.#removeFlags],
    }
  }

  /** The change was applied: brings the record up to it. */
  confirm(token: string): void {
    const { record } = this
    record.token = token
    record.books = withMark(record.books, this.partition, this.#mark)
    for (const [name, value] of this.#values) record.values.set(name, value)
    for (const flag of this.#addFlags) record.flags.add(flag)
    for (const flag of this.#removeFlags) record.flags.delete(flag)
  }
}
