import type { Feature } from "@fabra/core"
import type { CheckedEvent } from "../lane/lane.js"
import type { HandlerAttempt, HandlerStore } from "./handler-attempt.js"

/** What computing needs from outside: stamps and timers come through here, so the rest is pure. */
export interface ComputeEnvironment extends HandlerStore {
  readonly group: string
  /** Names the bus; `null`: there is none, this is a dry run. */
  readonly source: string | null
  readonly haltsEntities: boolean
  /** What becomes of events whose time is after the bus accepted them. */
  readonly futureEvents: "accept" | "clamp" | "refuse"
  readonly maxCrashes: number
  now(): number
  /** Rejects with `handler_timeout` when `promise` takes longer than `ms`. */
  withTimeout(promise: Promise<unknown>, ms: number, feature: string): Promise<unknown>
  /** How long to wait before try number `attempts + 1`. */
  retryDelay(attempts: number): number
  /** An attempt has failed. */
  onFailure(attempt: HandlerAttempt, error: unknown): void
  /** An event is older than one that the feature's value comes from. */
  readonly onLate?: ((event: CheckedEvent, feature: Feature) => void) | undefined
  /** Calls `run`, which runs the handler, with telemetry around it. Default: no telemetry wants to be. */
  readonly runHandler?: ((attempt: HandlerAttempt, run: () => unknown) => unknown) | undefined
}
