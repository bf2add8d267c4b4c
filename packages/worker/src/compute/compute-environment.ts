import type { Feature } from "@fabra/core"
import type { CheckedEvent, Item } from "../lane/item.js"
import type { HandlerStore } from "./handler-context.js"

/** What computing needs from outside: stamps and timers come through here, so the rest is pure. */
export interface ComputeEnvironment extends HandlerStore {
  readonly group: string
  /** Names the bus; `null`: there is none, what is computed is a rehearsal. */
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
  /** A try has failed. */
  onFailure(item: Item, feature: string, attempt: number, willRetry: boolean, error: unknown): void
  /** An event is older than one that the feature's value comes from. */
  readonly onLate?: ((event: CheckedEvent, feature: Feature) => void) | undefined
  /** Runs a handler, whatever it does, by calling `run`; telemetry may want to be around it. Default: just that. */
  readonly runHandler?: ((item: Item, feature: string, attempt: number, run: () => unknown) => unknown) | undefined
}
