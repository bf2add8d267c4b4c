import { randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { consoleLogger, type FeatureCache, type Logger, type Telemetry } from "@fabra/core"
import { type Clock, type EventBus, FabraError, systemClock } from "@fabra/events"
import { checkName, checkWhole, DEFAULT_LEASE_MS, show } from "@fabra/events/adapter"

/** Options of {@link AxiomWorker}. */
export interface WorkerOptions {
  /** Where events come from. Default: the store's bus, which it must then have. The worker does not close it. */
  readonly bus?: EventBus | undefined
  /** Where values go. Default: the store's own cache. The worker does not close it. */
  readonly cache?: FeatureCache
  /** Consumer group; the members of one group share the work. Default `fabra_workers`. */
  readonly group?: string
  /**
   * This worker's name in the group, which no other bears at the same time. One that starts under the name of another takes
   * its place and, at once, its partitions: a name that stays the same over restarts makes a crash cost no lease. The other
   * one's `run()` rejects with `superseded`. Default: host, process id and chance.
   */
  readonly consumer?: string | undefined
  /** About how many events are worked on at once; of a backlog several batches are read together. 1 to 10,000, default 100. */
  readonly batchSize?: number
  /** The longest a read waits for an event, in milliseconds; an arriving event ends the wait. Default 1,000. */
  readonly pollIntervalMs?: number
  /** How long a stopping worker may finish what it has begun, in milliseconds. Default 10,000. */
  readonly drainMs?: number
  /** After how many milliseconds without a sign of life others take over. Default 10,000. */
  readonly leaseMs?: number
  /**
   * How far, in milliseconds, checkpoints stay behind the work: longer than the cache can roll back. Default: what the
   * cache says of itself.
   */
  readonly rollbackMarginMs?: number
  /**
   * What becomes of an entity's later events while one of its events lies in the dead-letter queue. `continue` (default):
   * they are applied. `halt-entity`: they go to the queue too (reason `entity_halted`), so that a replay of all, oldest
   * first, applies them in order.
   */
  readonly onDeadLetter?: "continue" | "halt-entity"
  /**
   * What becomes of an event whose `timestamp` is more than a minute after the bus accepted it: the publisher's clock is
   * wrong. `accept` (default): nothing. `clamp`: handlers get the time of acceptance. `refuse`: the dead-letter queue.
   */
  readonly futureEvents?: "accept" | "clamp" | "refuse"
  /** After so many processes that died while they ran an event it goes to the dead-letter queue. 1 to 100, default 3. */
  readonly maxCrashes?: number
  /**
   * Kills this process when its event loop has stood still for so many milliseconds, as in an endless synchronous loop,
   * so that others take over. Default off: in a process of its own a worker should have it, in an app's it is the app's
   * to decide.
   */
  readonly watchdogMs?: number | undefined
  /** The first retry waits up to this many milliseconds, each further one up to twice as long. Default 100. */
  readonly retryBaseMs?: number
  /** No retry waits longer, in milliseconds. Default 10,000. */
  readonly retryMaxMs?: number
  /** Default: warnings and errors to standard error. */
  readonly logger?: Logger
  /** Told what happens; each of them, when there are several. */
  readonly telemetry?: Telemetry | readonly Telemetry[]
  readonly clock?: Clock
}

/** Options with every default filled in. */
export type Settings = Required<
  Omit<WorkerOptions, "bus" | "cache" | "consumer" | "rollbackMarginMs" | "watchdogMs" | "telemetry">
> & {
  readonly consumer: string
  /** The consumer in this life. */
  readonly owner: string
  readonly rollbackMarginMs: number | undefined
  readonly watchdogMs: number | undefined
  readonly telemetry: readonly Telemetry[]
}

/** @throws FabraError `invalid_setting` or `invalid_name`, naming the option */
export function resolveSettings(options: WorkerOptions): Settings {
  const clock = options.clock ?? systemClock
  const consumer = options.consumer ?? `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`
  const settings: Settings = {
    group: options.group ?? "fabra_workers",
    batchSize: options.batchSize ?? 100,
    pollIntervalMs: options.pollIntervalMs ?? 1000,
    drainMs: options.drainMs ?? 10_000,
    leaseMs: options.leaseMs ?? DEFAULT_LEASE_MS,
    rollbackMarginMs: options.rollbackMarginMs,
    onDeadLetter: options.onDeadLetter ?? "continue",
    futureEvents: options.futureEvents ?? "accept",
    maxCrashes: options.maxCrashes ?? 3,
    watchdogMs: options.watchdogMs,
    retryBaseMs: options.retryBaseMs ?? 100,
    retryMaxMs: options.retryMaxMs ?? 10_000,
    logger: options.logger ?? consoleLogger,
    telemetry: [options.telemetry ?? []].flat(),
    clock,
    consumer,
    owner: `${consumer}/${clock.random().toString(36).slice(2)}`,
  }
  checkName("group", settings.group)
  checkWhole("batchSize", settings.batchSize, [1, 10_000], "invalid_setting")
  checkNumber("pollIntervalMs", settings.pollIntervalMs, 1, 3_600_000)
  checkNumber("drainMs", settings.drainMs, 0, 3_600_000)
  checkNumber("leaseMs", settings.leaseMs, 10, 3_600_000)
  checkNumber("rollbackMarginMs", settings.rollbackMarginMs ?? 0, 0, 3_600_000)
  checkWhole("maxCrashes", settings.maxCrashes, [1, 100], "invalid_setting")
  checkNumber("watchdogMs", settings.watchdogMs ?? 100, 100, 3_600_000)
  checkOneOf("onDeadLetter", settings.onDeadLetter, ["continue", "halt-entity"])
  checkOneOf("futureEvents", settings.futureEvents, ["accept", "clamp", "refuse"])
  checkNumber("retryBaseMs", settings.retryBaseMs, 0, 3_600_000)
  checkNumber("retryMaxMs", settings.retryMaxMs, 0, 3_600_000)
  return settings
}

function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return
  const names = allowed.map((one) => `"${one}"`).join(" or ")
  throw new FabraError("invalid_setting", `${name} is ${show(value)}: it must be ${names}.`, { path: name, allowed })
}

function checkNumber(name: string, value: unknown, min: number, max: number): asserts value is number {
  if (typeof value === "number" && value >= min && value <= max) return
  const message = `${name} is ${show(value)}: it must be a number from ${min} to ${max}.`
  throw new FabraError("invalid_setting", message, { path: name })
}

/**
 * Reads the worker's settings from environment variables: `FABRA_WORKER_BATCH_SIZE` (events), `FABRA_WORKER_POLL_INTERVAL`
 * (seconds) and `FABRA_WORKER_CONSUMER_GROUP`. What is not set, or empty, is left to its default.
 * @throws FabraError `invalid_setting`, naming the variable, its value and what it may be
 */
export function settingsFromEnv(
  env: Readonly<Record<string, string | undefined>>,
): Pick<WorkerOptions, "batchSize" | "pollIntervalMs" | "group"> {
  const batchSize = numberFrom(env, "FABRA_WORKER_BATCH_SIZE")
  if (batchSize !== undefined) checkWhole("FABRA_WORKER_BATCH_SIZE", batchSize, [1, 10_000], "invalid_setting")
  const pollSeconds = numberFrom(env, "FABRA_WORKER_POLL_INTERVAL")
  if (pollSeconds !== undefined) checkNumber("FABRA_WORKER_POLL_INTERVAL", pollSeconds, 0.001, 3600)
  const group = env.FABRA_WORKER_CONSUMER_GROUP || undefined
  if (group !== undefined) checkName("FABRA_WORKER_CONSUMER_GROUP: group", group, "FABRA_WORKER_CONSUMER_GROUP")
  return {
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(pollSeconds === undefined ? {} : { pollIntervalMs: pollSeconds * 1000 }),
    ...(group === undefined ? {} : { group }),
  }
}

/** A text that is no number is returned as it is, for the check to show. */
function numberFrom(env: Readonly<Record<string, string | undefined>>, name: string): number | string | undefined {
  const text = env[name]?.trim()
  if (!text) return undefined
  return Number.isNaN(Number(text)) ? text : Number(text)
}
