import type { Part } from "./aggregate-function.js"

/** The states of parts, in their order; `null` where a part is newer than the events. */
export type PartStates = readonly unknown[]

/** Names the parts whose states are kept together, so that they are known again when the definition has changed. */
export function signatureOf(parts: readonly Part[]): string {
  return parts.map(({ id }) => id).join(",")
}

/** Brings states that were kept under a signature into the order of the parts that are defined now. */
export function reordered(states: PartStates, signature: string, parts: readonly Part[]): PartStates {
  const ids = signature.split(",")
  return parts.map(({ id }) => states[ids.indexOf(id)] ?? null)
}

/** Merges two states of a part, of which each may be missing. */
export function mergeState(part: Part, state: unknown, other: unknown): unknown {
  if (state === null || state === undefined) return other
  return other === null || other === undefined ? state : part.merge(state, other)
}
