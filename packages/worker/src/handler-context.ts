import type { StoredValue, Transaction } from "@fabra/core"
import { decodeValue, type EntityKey, encodeValue, type Feature, type FeatureContext, type Registry } from "@fabra/core"
import { FabraError, show } from "@fabra/events"
import type { Draft } from "./draft.js"

const MAX_KEY_LENGTH = 512

/** Stamps of the values that one run of a handler writes. */
export interface Stamp {
  readonly eventTime: number
  readonly computedAt: number
}

/**
 * One run of one handler: its context, and the transaction that calls of the store join. Writes are kept aside until the
 * run has succeeded, so a failing handler leaves nothing behind.
 */
export class HandlerRun implements FeatureContext, Transaction {
  readonly key: EntityKey
  readonly attempt: number
  readonly #feature: Feature
  readonly #draft: Draft
  readonly #registry: Registry
  readonly #stamp: Stamp
  readonly #writes = new Map<string, StoredValue>()
  #abort: AbortController | undefined
  #over = false

  constructor(key: EntityKey, feature: Feature, draft: Draft, registry: Registry, stamp: Stamp, attempt: number) {
    this.key = key
    this.attempt = attempt
    this.#feature = feature
    this.#draft = draft
    this.#registry = registry
    this.#stamp = stamp
  }

  get current(): unknown {
    return this.#read(this.#feature.name)
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  // Getters that hand out bound functions: handlers take the context apart, and most use neither.
  get get() {
    return (feature: Feature | string) => this.#read(this.#nameOf(feature))
  }

  get set() {
    return (feature: Feature | string, value: unknown) => this.#write(this.#nameOf(feature), value)
  }

  /** The handler has returned `value`: its writes become part of the draft. Returns the names that changed. */
  succeed(value: unknown): string[] {
    if (value !== undefined) this.#write(this.#feature.name, value)
    this.#over = true
    for (const [name, stored] of this.#writes) this.#draft.setValue(name, stored)
    return [...this.#writes.keys()]
  }

  /** The run is given up: its signal fires, and whatever it still writes is refused. */
  fail(reason: unknown): void {
    this.#over = true
    this.#abort?.abort(reason)
  }

  #read(name: string): unknown {
    const stored = this.#writes.get(name) ?? this.#draft.value(name)
    // Each read decodes anew, so a handler that changes what it got changes nothing.
    if (stored !== undefined) return decodeValue(stored.text)
    const initial = this.#registry.features.get(name)?.initial
    return typeof initial === "object" ? structuredClone(initial) : initial
  }

  #write(name: string, value: unknown): void {
    if (this.#over) {
      throw new FabraError(
        "invalid_argument",
        `"${name}" was set after the handler of "${this.#feature.name}" had ended.`,
      )
    }
    this.#writes.set(name, { text: encodeValue(value, `value of "${name}"`), ...this.#stamp })
  }

  #nameOf(feature: Feature | string): string {
    const name = typeof feature === "string" ? feature : feature?.name
    if (typeof name !== "string" || name === "" || name.length > MAX_KEY_LENGTH) {
      throw new FabraError(
        "invalid_name",
        `${show(name)} is no feature and no key of 1 to ${MAX_KEY_LENGTH} characters.`,
      )
    }
    const entity = this.#registry.features.get(name)?.entity.name
    if (entity === undefined || entity === this.key.entityType) return name
    throw new FabraError(
      "invalid_argument",
      `"${name}" belongs to ${entity}; the handler of "${this.#feature.name}" runs for a ${this.key.entityType}. ` +
        "Read it with store.getFeature.",
    )
  }
}
