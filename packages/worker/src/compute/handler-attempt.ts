import type { Feature, FeatureContext, OfflineStore, Sql } from "@fabra/core"
import type { EventOrigin, StoredValue, Transaction } from "@fabra/core/adapter"
import { decodeValue, type EntityKey, encodeValue, isGone, type Registry, StoredRow, sqlOn } from "@fabra/core/adapter"
import { FabraError, type Position } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import { draftOf, type Item } from "../lane/lane.js"
import type { Draft } from "../record/draft.js"

const MAX_KEY_LENGTH = 512

/** What the context of a handler reads from. */
export interface HandlerStore {
  readonly registry: Registry
  /** What `context.sql` asks. */
  readonly offline: OfflineStore | undefined
}

/** Stamps of what a handler writes: where its event stands, and times in epoch milliseconds. */
export interface Stamp {
  /** Names the bus; `null`: there is none, this is a dry run. */
  readonly source: string | null
  readonly position: Position
  readonly eventTime: number
  readonly computedAt: number
}

/**
 * One attempt of one handler on an event: its context, and the transaction that calls of the store join. Its writes reach
 * the draft once the handler has succeeded, so a failing handler leaves nothing behind.
 */
export class HandlerAttempt implements FeatureContext, Transaction {
  readonly item: Item
  readonly key: EntityKey
  readonly feature: Feature
  /** 1 for the first. */
  readonly attempt: number
  readonly #draft: Draft
  readonly #store: HandlerStore
  readonly #stamp: Stamp
  /** What {@link set} has set; most handlers only return a value. */
  #writes: Map<string, StoredValue> | undefined
  #abort: AbortController | undefined
  #over = false
  /** Whether the event was too old to change a state. */
  isTooLate = false

  constructor(item: Item, feature: Feature, stamp: Stamp, store: HandlerStore) {
    this.item = item
    this.key = item.lane.key
    this.feature = feature
    this.attempt = (item.failures?.get(feature.name)?.attempts ?? 0) + 1
    this.#draft = draftOf(item)
    this.#store = store
    this.#stamp = stamp
  }

  get current(): unknown {
    return this.#read(this.feature.name)
  }

  get now(): Date {
    return new Date(this.#stamp.computedAt)
  }

  get eventTime(): number {
    return this.#stamp.eventTime
  }

  get origin(): EventOrigin | null {
    const { source, position, eventTime } = this.#stamp
    return source === null ? null : { source: `${source}/${this.#draft.partition}`, position, eventTime }
  }

  get lastEventTime(): Date | null {
    const time = this.#lastEventTime(this.feature.name)
    return time === Number.NEGATIVE_INFINITY ? null : new Date(time)
  }

  get isLate(): boolean {
    return this.#stamp.eventTime < this.#lastEventTime(this.feature.name)
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#over)
      this.#abort.abort(new FabraError("invalid_argument", `The handler of "${this.feature.name}" has ended.`))
    return this.#abort.signal
  }

  get sql(): Sql {
    return sqlOn(this.#store.offline, { timeoutMs: this.feature.timeoutMs, signal: this.signal })
  }

  // Getters that return bound functions: handlers destructure the context, and most use neither.
  get get() {
    return (feature: Feature | string) => this.#read(this.#nameOf(feature))
  }

  get set() {
    return (feature: Feature | string, value: unknown) => this.#write(this.#nameOf(feature), value)
  }

  stored(name: string): StoredValue | undefined {
    return this.#writes?.get(name) ?? this.#draft.value(name)
  }

  store(name: string, text: string): void {
    this.#put(name, text)
  }

  tooLate(): void {
    this.isTooLate = true
  }

  /** The handler has returned `value`: its writes become part of the draft, and their names part of the item's. */
  succeed(value: unknown): void {
    const { name } = this.feature
    const returned = value === undefined ? undefined : this.#stamped(name, encodeValue(value, `value of "${name}"`))
    this.#over = true
    if (this.#writes !== undefined) for (const [key, stored] of this.#writes) this.#keep(key, stored)
    if (returned !== undefined) this.#keep(name, returned)
  }

  /** The attempt is over: its signal fires, and whatever it still writes is refused. */
  fail(reason: unknown): void {
    this.#over = true
    this.#abort?.abort(reason)
  }

  #read(name: string): unknown {
    const feature = this.#store.registry.features.get(name)
    if (feature?.state !== undefined) return this.#finish(feature)
    const stored = this.stored(name)
    // Each read decodes anew, so a handler that mutates the value changes nothing.
    if (stored !== undefined && (feature === undefined || !isGone(feature, stored, this.#stamp.computedAt))) {
      return decodeValue(stored.text)
    }
    const initial = feature?.initial
    return typeof initial === "object" ? structuredClone(initial) : initial
  }

  /** A value that is made of a state, as it is at the time of the event. */
  #finish(feature: Feature): unknown {
    return new StoredRow((name) => this.stored(name), this.#stamp.eventTime).serve(feature).value
  }

  #lastEventTime(name: string): number {
    const written = this.#writes?.get(name)
    return written === undefined ? this.#draft.lastEventTime(name) : (written.eventTime ?? Number.NEGATIVE_INFINITY)
  }

  #write(name: string, value: unknown): void {
    if (this.#store.registry.features.get(name)?.state !== undefined) {
      throw new FabraError("invalid_argument", `"${name}" is made of events when it is read: nobody can set it.`)
    }
    this.#put(name, encodeValue(value, `value of "${name}"`))
  }

  #put(name: string, text: string): void {
    if (this.#over) {
      throw new FabraError(
        "invalid_argument",
        `"${name}" was set after the handler of "${this.feature.name}" had ended.`,
      )
    }
    this.#writes ??= new Map()
    this.#writes.set(name, this.#stamped(name, text))
  }

  #stamped(name: string, text: string): StoredValue {
    // A late event adds to a value without making it older.
    const eventTime = Math.max(this.#stamp.eventTime, this.#lastEventTime(name))
    return { text, eventTime, computedAt: this.#stamp.computedAt }
  }

  #keep(name: string, stored: StoredValue): void {
    this.#draft.setValue(name, stored)
    const { makes } = this.feature
    if (makes === undefined) this.#changed(name)
    else for (const one of makes) this.#changed(one)
  }

  #changed(name: string): void {
    const { item } = this
    // A list that is made by its first push is given room for seventeen.
    if (!item.updated.includes(name)) item.updated = [...item.updated, name]
  }

  #nameOf(feature: Feature | string): string {
    const name = typeof feature === "string" ? feature : feature?.name
    if (typeof name !== "string" || name === "" || name.length > MAX_KEY_LENGTH) {
      throw new FabraError(
        "invalid_name",
        `${show(name)} is no feature and no key of 1 to ${MAX_KEY_LENGTH} characters.`,
      )
    }
    // It has no UTF-8 form: a cache refuses it, with all that is committed in the same call, or makes two such keys one.
    if (!name.isWellFormed()) {
      throw new FabraError(
        "invalid_name",
        `The key ${show(name)} has a lone surrogate, half of a character: cut texts by characters ([...text]), not by UTF-16 units.`,
      )
    }
    const known = this.#store.registry.features.get(name)
    const entity = known?.entity.name
    if (this.#store.registry.stored.get(name)?.state !== undefined) {
      throw new FabraError("invalid_name", `"${name}" is a field of a state: choose another key.`)
    }
    if (known?.computedBy === "reads") {
      throw new FabraError("invalid_argument", `"${name}" is computed when it is read: await store.getFeature.`)
    }
    if (entity === undefined || entity === this.key.entityType) return name
    throw new FabraError(
      "invalid_argument",
      `"${name}" belongs to ${entity}; the handler of "${this.feature.name}" runs for a ${this.key.entityType}. ` +
        "Read it with store.getFeature.",
    )
  }
}
