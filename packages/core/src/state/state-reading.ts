/** Reads the state of one entity. All fields are of one moment. */
export interface StateReader {
  /** The text of a field; `undefined` when no event has written it yet, or it has aged away. */
  get(field: string): string | undefined
  /** Returns the result of `make`, which runs once for each reading of an entity: features of one state share what they have in common. */
  once<Result>(key: string, make: () => Result): Result
}

/** A value that was made of a state. */
export interface FinishedValue<Value = unknown> {
  readonly value: Value
  /** Time of the newest event it comes from, epoch milliseconds. */
  readonly eventTime: number
  /** By so many milliseconds the edge of what the value covers may be off. 0: it is exact. */
  readonly toleranceMs: number
}

/** How a feature is made of a state. */
export interface StateReading {
  /** Name of the state. */
  readonly name: string
  /** Names of the fields in the entity's record; see `fieldName`. */
  readonly stored: readonly string[]
  /** For people, in lists: `sum over 1h`. */
  readonly about: string
  readonly finish: (state: StateReader, at: number) => FinishedValue | undefined
}
