import type { Registry, StoredValue } from "@fabra/core/adapter"

/** Where the values of features stand in the records of one type of entity, by the feature's name. */
export type Places = ReadonlyMap<string, number>

/** A place for whatever is stored of a type of entity. */
export function placesOf(registry: Registry, entityType: string): Places {
  const stored = [...registry.stored.values()].filter(({ entity }) => entity.name === entityType)
  return new Map(stored.map(({ name }, place) => [name, place]))
}

/** Stays empty. */
const NO_OTHERS = new Map<string, StoredValue>()

/**
 * The values of one record. There are many more records than fit the CPU's caches: each object fewer that a record consists
 * of saves a wait for memory, when it is read and when it is changed. So values of features lie in two lists.
 */
export class RecordValues {
  readonly #places: Places
  readonly #texts: (string | undefined)[]
  /** For each place the event time, −∞ where there is none, and the time of computing. */
  readonly #times: number[]
  /** Of keys that are no features. */
  #others = NO_OTHERS

  constructor(places: Places) {
    this.#places = places
    this.#texts = new Array(places.size).fill(undefined)
    this.#times = new Array(2 * places.size).fill(Number.NEGATIVE_INFINITY)
  }

  get(name: string): StoredValue | undefined {
    const place = this.#places.get(name)
    if (place === undefined) return this.#others.get(name)
    const text = this.#texts[place]
    if (text === undefined) return undefined
    const eventTime = this.#times[2 * place] as number
    return {
      text,
      eventTime: eventTime === Number.NEGATIVE_INFINITY ? null : eventTime,
      computedAt: this.#times[2 * place + 1] as number,
    }
  }

  /** Event time of the value, epoch milliseconds; −∞ when no event made it, or there is none. */
  lastEventTime(name: string): number {
    const place = this.#places.get(name)
    if (place !== undefined) return this.#times[2 * place] as number
    return this.#others.get(name)?.eventTime ?? Number.NEGATIVE_INFINITY
  }

  /** Returns by about how many bytes it has grown. */
  set(name: string, value: StoredValue): number {
    const place = this.#places.get(name)
    if (place === undefined) return this.#setOther(name, value)
    const before = this.#texts[place]
    this.#texts[place] = value.text
    this.#times[2 * place] = value.eventTime ?? Number.NEGATIVE_INFINITY
    this.#times[2 * place + 1] = value.computedAt
    return 2 * (value.text.length - (before?.length ?? 0))
  }

  #setOther(name: string, value: StoredValue): number {
    if (this.#others === NO_OTHERS) this.#others = new Map()
    const before = this.#others.get(name)
    this.#others.set(name, value)
    return before === undefined
      ? 160 + 2 * (name.length + value.text.length)
      : 2 * (value.text.length - before.text.length)
  }
}
