import type { Feature, FeatureStore } from "@fabra/core"
import { type EventBus, FabraError, systemClock } from "@fabra/events"
import { withDeadline } from "@fabra/events/adapter"
import type { Settings } from "./options.js"

/** What every route works with. */
export interface ServerContext {
  readonly store: FeatureStore
  readonly bus: EventBus
  readonly settings: Settings
  /** Fires when the server is being closed: what waits should end. */
  readonly closing: AbortSignal
}

/** A call of the bus, in time. @throws FabraError `bus_unavailable` after the deadline */
export function onBus<Result>({ settings: { deadlineMs } }: ServerContext, call: Promise<Result>): Promise<Result> {
  return withDeadline(systemClock, call, deadlineMs, () => late("bus_unavailable", "bus", deadlineMs))
}

/** A call of the cache, in time. @throws FabraError `cache_unavailable` after the deadline */
export function onCache<Result>({ settings: { deadlineMs } }: ServerContext, call: Promise<Result>): Promise<Result> {
  return withDeadline(systemClock, call, deadlineMs, () => late("cache_unavailable", "cache", deadlineMs))
}

/** A read of features, in time: some of them may be computed for it. @throws FabraError as {@link onCache}, `feature_failed` */
export function onRead<Result>(
  { settings: { deadlineMs } }: ServerContext,
  features: readonly Feature[],
  call: Promise<Result>,
): Promise<Result> {
  return withDeadline(systemClock, call, deadlineMs, () => {
    const computed = features.filter(({ computedBy }) => computedBy === "reads").map(({ name }) => name)
    return computed.length === 0
      ? late("cache_unavailable", "cache", deadlineMs)
      : new FabraError("feature_failed", `Computing ${computed.join(", ")} took longer than ${deadlineMs} ms.`)
  })
}

/** A search, in time; nobody knows here whether embedder or vector store is slow. @throws FabraError `vector_unavailable` */
export function onSearch<Result>({ settings: { deadlineMs } }: ServerContext, call: Promise<Result>): Promise<Result> {
  return withDeadline(systemClock, call, deadlineMs, () => late("vector_unavailable", "search", deadlineMs))
}

type Late = "bus_unavailable" | "cache_unavailable" | "vector_unavailable"

function late(code: Late, what: string, ms: number): FabraError {
  return new FabraError(code, `The ${what} did not answer within ${ms} ms.`)
}
