import type { EntityChange, EntityKey, Epoch, StoredValue } from "@fabra/core/adapter"
import type { AxiomEvent, Position } from "@fabra/events"
import type { NewDeadLetter } from "@fabra/events/adapter"
import { covers, encodeBookkeeping, isDeadLetterFlag, type PartitionMark } from "./bookkeeping.js"
import type { LiveRecord } from "./live-record.js"

const NONE: readonly string[] = []
/** Stays empty. */
const NO_FLAGS = new Set<string>()

/**
 * A record as some events, in order, change it: not yet committed, and dropped without a trace when the commit does not
 * apply. Becomes one {@link EntityChange}.
 */
export class Draft {
  readonly record: LiveRecord
  readonly partition: number
  /** Dead letters that must be durable before this is committed. */
  readonly deadLetters: NewDeadLetter[] = []
  /** Events that must be published before this is committed. */
  readonly forwards: AxiomEvent[] = []
  /** Whether there is anything to commit. A mark alone is not, unless a publisher awaits it: the event may be read again. */
  dirty = false
  #mark: PartitionMark
  readonly #values = new Map<string, StoredValue>()
  // Most drafts change no flag: a set is made with the first one.
  #addFlags = NO_FLAGS
  #removeFlags = NO_FLAGS

  constructor(record: LiveRecord, partition: number) {
    this.record = record
    this.partition = partition
    this.#mark = record.mark
  }

  get mark(): Position {
    return this.#mark.mark
  }

  isSettled(position: Position): boolean {
    return covers(this.#mark, position)
  }

  value(name: string): StoredValue | undefined {
    return this.#values.get(name) ?? this.record.value(name)
  }

  /** Event time of the value, epoch milliseconds; −∞ when no event made it, or there is none. */
  lastEventTime(name: string): number {
    const changed = this.#values.get(name)
    return changed === undefined ? this.record.lastEventTime(name) : (changed.eventTime ?? Number.NEGATIVE_INFINITY)
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
    for (const flag of this.#addFlags) if (isDeadLetterFlag(flag)) return true
    for (const flag of this.record.flags) if (isDeadLetterFlag(flag) && !this.#removeFlags.has(flag)) return true
    return false
  }

  addFlag(flag: string): void {
    if (this.#addFlags === NO_FLAGS) this.#addFlags = new Set()
    this.#removeFlags.delete(flag)
    this.#addFlags.add(flag)
    this.dirty = true
  }

  removeFlag(flag: string): void {
    if (this.#removeFlags === NO_FLAGS) this.#removeFlags = new Set()
    this.#addFlags.delete(flag)
    this.#removeFlags.add(flag)
    this.dirty = true
  }

  /** Features of the event at `position` that an earlier commit has already applied. */
  doneBefore(position: Position): readonly string[] {
    const { halfDone } = this.#mark
    return halfDone?.position === position ? halfDone.features : NONE
  }

  /**
   * Every feature of the event at `position` is applied, dead-lettered or not concerned.
   * @param durably the mark is to be committed though nothing else has changed
   */
  settle(position: Position, durably: boolean): void {
    if (durably || this.#mark.halfDone !== undefined) this.dirty = true
    this.#mark = { mark: position }
  }

  /** Only these features of the event at `position` are done; the others are being retried. */
  settlePartly(position: Position, features: readonly string[]): void {
    if (features.length === this.doneBefore(position).length) return
    this.#mark = { mark: this.#mark.mark, halfDone: { position, features } }
    this.dirty = true
  }

  toChange(key: EntityKey, group: string, token: string): EntityChange {
    const { version, others } = this.record
    return {
      key,
      group,
      baseVersion: version,
      token,
      state: encodeBookkeeping(this.partition, this.#mark, others?.text ?? ""),
      values: this.#values,
      addFlags: this.#addFlags === NO_FLAGS ? NONE : [...this.#addFlags],
      removeFlags: this.#removeFlags === NO_FLAGS ? NONE : [...this.#removeFlags],
    }
  }

  /** The change was applied: brings the record up to it. */
  confirm(version: string, epoch: Epoch): void {
    const { record } = this
    record.version = version
    record.epoch = epoch
    record.mark = this.#mark
    // Not by a loop over the map, which makes a list of each entry.
    this.#values.forEach((value, name) => {
      record.setValue(name, value)
    })
    for (const flag of this.#addFlags) record.addFlag(flag)
    for (const flag of this.#removeFlags) record.removeFlag(flag)
  }
}
