import { decodeValue, encodeValue } from "@fabra/core/adapter"

/** A value as JSON: numbers and texts as they are, a `Date` and a `bigint` as `encodeValue` formats them. */
export function packValue(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      if (Number.isFinite(value)) return value
      break
    case "object":
      if (value === null) return null
  }
  return JSON.parse(encodeValue(value, "value"))
}

/** Reverses {@link packValue}. */
export function unpackValue(packed: unknown): unknown {
  return typeof packed === "object" && packed !== null ? decodeValue(JSON.stringify(packed)) : packed
}
