import { createHash } from "node:crypto"
import { encodeValue } from "@fabra/core/adapter"
import { type AggregateFunction, anything, type Part } from "./aggregate-function.js"

/** Most different values that are counted exactly. */
export const EXACT_DISTINCT = 64
/** HyperLogLog registers (Flajolet et al., 2007), one character each: a standard error of 1.04 ÷ √2048 = 2.3 %. */
const REGISTERS = 2048
const INDEX_BITS = 11
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)
const FIRST_CHARACTER = 48 // "0"

/** Hashes of the different values, in order, while there are few; then registers, as text. */
type Distinct = readonly string[] | string

const distinctValues: Part<Distinct, unknown> = {
  id: "distinct",
  of: (value) => [hashOf(value)],
  merge(a, b) {
    if (typeof a !== "string" && typeof b !== "string") {
      const all = [...new Set([...a, ...b])].sort()
      return all.length <= EXACT_DISTINCT ? all : registersOf(all)
    }
    return greatestOf(registersOf(a), registersOf(b))
  },
}

/**
 * How many different values: exact up to 64, then by HyperLogLog, with a standard error of 2.3 %. 0 for an empty window. Objects
 * are the same when their JSON is.
 */
export function distinct(): AggregateFunction<number, number, unknown> {
  return { about: "distinct", parts: [distinctValues], refuse: anything, finish: estimate, default: 0 }
}

/** The first 64 bits of SHA-256, in hex. */
function hashOf(value: unknown): string {
  return createHash("sha256").update(encodeValue(value, "value")).digest("hex").slice(0, 16)
}

function registersOf(state: Distinct): string {
  if (typeof state === "string") return state
  const registers = new Uint8Array(REGISTERS).fill(FIRST_CHARACTER)
  for (const hash of state) {
    const bits = BigInt(`0x${hash}`)
    const index = Number(bits >> BigInt(64 - INDEX_BITS))
    // The rank: zeros before the first one of the other bits, and 1.
    const rank = 64 - INDEX_BITS - (bits & ((1n << BigInt(64 - INDEX_BITS)) - 1n)).toString(2).length + 1
    registers[index] = Math.max(registers[index] as number, FIRST_CHARACTER + rank)
  }
  return String.fromCharCode(...registers)
}

function greatestOf(a: string, b: string): string {
  const registers = Array.from({ length: REGISTERS }, (_, i) => Math.max(a.charCodeAt(i), b.charCodeAt(i)))
  return String.fromCharCode(...registers)
}

function estimate(state: Distinct): number {
  if (typeof state !== "string") return state.length
  let [inverse, zeros] = [0, 0]
  for (let i = 0; i < REGISTERS; i++) {
    const rank = state.charCodeAt(i) - FIRST_CHARACTER
    inverse += 2 ** -rank
    if (rank === 0) zeros++
  }
  const raw = (ALPHA * REGISTERS * REGISTERS) / inverse
  const isSmall = raw <= 2.5 * REGISTERS && zeros > 0
  return Math.round(isSmall ? REGISTERS * Math.log(REGISTERS / zeros) : raw)
}
