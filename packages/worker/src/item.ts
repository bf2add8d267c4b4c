import type { FeatureHandler } from "@fabra/core"
import type { AxiomEvent, BusRecord } from "@fabra/events"
import type { ReadBatch } from "./progress.js"

/** How a feature has failed on an event so far. Kept over conflicts and reloads: those are no attempts. */
export interface Failure {
  attempts: number
  readonly firstFailedAt: number
  lastFailedAt: number
  error: unknown
}

/** One event on its way through the lane of one entity. */
export interface Item {
  readonly event: AxiomEvent
  readonly record: BusRecord
  readonly batch: ReadBatch
  /** What the event triggers on this lane's entity. */
  readonly handlers: readonly FeatureHandler[]
  /** Epoch milliseconds. */
  readonly readAt: number
  readonly failures: Map<string, Failure>
  /** The event as handlers get it, its payload checked; or why it is not what its schema says. Set when first needed. */
  checked?: AxiomEvent<string, unknown> | Error
  /** Features whose value it changed. */
  readonly updated: Set<string>
  /**
   * Set while the event stands where the partition's last owner died: whether it may be run yet, and how many consumers
   * have noted that they are about to (rule R13).
   */
  caution: "ask" | { readonly consumers: number } | undefined
  /** Handlers run, all tries. */
  attempts: number
}
