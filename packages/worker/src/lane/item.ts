import type { FeatureHandler } from "@fabra/core"
import type { AxiomEvent, BusRecord } from "@fabra/events"
import type { ReadBatch } from "../partition/progress.js"
import type { Lane } from "./lane.js"

/** How a feature has failed on an event so far. Kept over conflicts and reloads: those are no attempts. */
export interface Failure {
  attempts: number
  readonly firstFailedAt: number
  lastFailedAt: number
  error: unknown
}

/** An event as handlers get it: what its schema makes of the payload is in it. */
export type CheckedEvent = AxiomEvent<string, unknown>

/** One event on its way through the lane of one entity. */
export interface Item {
  readonly lane: Lane
  readonly event: AxiomEvent
  readonly record: BusRecord
  readonly batch: ReadBatch
  /** What the event triggers on this lane's entity. */
  readonly handlers: readonly FeatureHandler[]
  /** Epoch milliseconds. */
  readonly readAt: number
  /** By feature; made when the first one fails. */
  failures: Map<string, Failure> | undefined
  /** The event as handlers get it, its payload checked; or why it is not what its schema says. Set when first needed. */
  checked: CheckedEvent | Error | undefined
  /** Features whose value it changed, in the order of their first change. */
  updated: readonly string[]
  /**
   * Set while the event stands where the partition's last owner died: whether it may be run yet, and how many consumers
   * have noted that they are about to (rule R13).
   */
  caution: "ask" | { readonly consumers: number } | undefined
  /** Handlers run, all tries. */
  attempts: number
  /** It was settled before we came to it. */
  repeated: boolean
  /** Features that were given up; made with the first one. */
  dead: Set<string> | undefined
}

const NONE: readonly string[] = []

/** An event that was just read. */
export function newItem(
  lane: Lane,
  event: AxiomEvent,
  record: BusRecord,
  batch: ReadBatch,
  handlers: readonly FeatureHandler[],
  readAt: number,
  caution: "ask" | undefined,
): Item {
  return {
    lane,
    event,
    record,
    batch,
    handlers,
    readAt,
    failures: undefined,
    checked: undefined,
    updated: NONE,
    caution,
    attempts: 0,
    repeated: false,
    dead: undefined,
  }
}
