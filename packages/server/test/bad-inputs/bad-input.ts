// What clients get wrong, and what they are told: status and code of every case, and where the fault is said to lie.

/** A request that must be refused. */
export interface BadInput {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly status: number
  readonly code: string
  /** Where the fault is said to lie; not checked when left out. */
  readonly at?: string | undefined
  /** The fault is a result among many: the answer is 207, and its first result has this status and code. */
  readonly asResult?: "array" | "ndjson"
}

export const JSON_TYPE = { "content-type": "application/json" }
export const NDJSON_TYPE = { "content-type": "application/x-ndjson" }
const HUGE_NUMBER = '"1e999"' // JSON.stringify cannot write it
export const spell = (value: unknown) => JSON.stringify(value).replaceAll(HUGE_NUMBER, "1e999")
export const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) })
export const LONE_SURROGATE = "\ud800"
