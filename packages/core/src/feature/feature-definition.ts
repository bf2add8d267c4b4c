import { FabraError } from "@fabra/events"
import { checkWhole, show } from "@fabra/events/adapter"
import type { ReadFeatureOptions, ReadHandler } from "./computed-feature.js"
import { type Duration, parseDuration } from "./duration.js"
import type { Entity, Feature, FeatureOptions, Trigger } from "./feature.js"
import { parseSchedule, type Refresh } from "./schedule.js"
import type { ScheduledFeatureOptions, ScheduledHandler } from "./scheduled-feature.js"
import { encodeValue } from "./values.js"

/** What any feature may be defined with; {@link computedBy} says what goes together. */
export type AnyFeatureOptions = { readonly entity: Entity | string } & Partial<
  Omit<FeatureOptions<any, any, any>, "entity" | "trigger" | "compute"> &
    Omit<ReadFeatureOptions<any>, "entity" | "trigger" | "compute" | "refresh" | "materialize"> &
    Omit<ScheduledFeatureOptions<any>, "entity" | "trigger" | "compute" | "refresh" | "materialize">
> & {
    readonly trigger?: Trigger | readonly Trigger[] | undefined
    readonly refresh?: Refresh | undefined
    readonly materialize?: boolean | undefined
    readonly compute?: ((...args: any[]) => any) | undefined
  }

const DEFAULT_MAX_RETRIES = 3
const DEFAULT_TIMEOUT_MS = 30_000
const MAX_TIMEOUT_MS = 2 ** 31 - 1 // what a timer can hold
const DEFAULT_CONCURRENCY = 16

/** The options that only some features may have. */
const ONLY_FOR: Readonly<Partial<Record<keyof AnyFeatureOptions, readonly Feature["computedBy"][]>>> = {
  trigger: ["events"],
  when: ["events"],
  key: ["events"],
  onLate: ["events"],
  initial: ["events", "nothing"],
  refresh: ["reads", "schedule"],
  staleWhileRevalidate: ["reads"],
  computeMany: ["schedule"],
  sql: ["schedule"],
  entities: ["schedule"],
  jitter: ["schedule"],
  concurrency: ["schedule"],
}

/** Checks the options of a feature and fills in what they leave out. @throws FabraError `invalid_argument`, `invalid_value` */
export function defineFeature(
  name: string,
  entity: Entity,
  triggers: readonly string[],
  options: AnyFeatureOptions,
): Feature {
  const by = computedBy(options)
  for (const [option, allowed] of Object.entries(ONLY_FOR)) {
    if (options[option as keyof AnyFeatureOptions] === undefined || allowed.includes(by)) continue
    throw fault(option, `${option} is not for a feature that is computed by ${by === "events" ? "its events" : by}.`)
  }
  for (const option of ["compute", "computeMany", "entities", "when", "key"] as const) {
    const given = options[option]
    if (given !== undefined && typeof given !== "function") {
      throw fault(option, `${option} is ${show(given)}: it must be a function.`)
    }
  }
  const { initial, maxRetries = DEFAULT_MAX_RETRIES, timeoutMs = DEFAULT_TIMEOUT_MS, onLate = "apply" } = options
  checkWhole("maxRetries", maxRetries, [0, 100])
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw fault("timeoutMs", `timeoutMs is ${show(timeoutMs)}: it must be above 0 and at most ${MAX_TIMEOUT_MS}.`)
  }
  if (onLate !== "apply" && onLate !== "skip") {
    throw fault("onLate", `onLate is ${show(onLate)}: it must be "apply" or "skip".`)
  }
  if (initial !== undefined) encodeValue(initial, "initial")
  if (options.default !== undefined) encodeValue(options.default, "default")
  return Object.freeze({
    name,
    entity,
    triggers,
    maxRetries,
    timeoutMs,
    initial,
    onLate,
    default: options.default ?? initial,
    computedBy: by,
    maxAgeMs: durationOf("maxAge", options.maxAge),
    ttlMs: durationOf("ttl", options.ttl),
    ...(options.key !== undefined && { keyed: true }),
  })
}

/** What computes a feature when it is read. @throws FabraError `invalid_argument` */
export function toReadHandler(feature: Feature, options: AnyFeatureOptions): ReadHandler {
  const { compute, refresh, staleWhileRevalidate = false } = options as ReadFeatureOptions<unknown>
  if (staleWhileRevalidate && refresh === undefined) {
    throw fault("staleWhileRevalidate", "staleWhileRevalidate needs refresh: nothing is kept without.")
  }
  if (typeof refresh === "object") {
    throw fault("refresh", "refresh by cron needs materialize: true; without, give a span such as 5m.")
  }
  const refreshMs = durationOf("refresh", refresh)
  if (refreshMs !== undefined && feature.ttlMs !== undefined && feature.ttlMs < refreshMs) {
    throw fault("ttl", "ttl is shorter than refresh: there would be no value in between.")
  }
  return { feature, compute, refreshMs, staleWhileRevalidate }
}

/** What computes a feature on schedule. @throws FabraError `invalid_argument` */
export function toScheduledHandler(feature: Feature, options: AnyFeatureOptions): ScheduledHandler {
  const { compute, computeMany, sql, entities, jitter, refresh, concurrency = DEFAULT_CONCURRENCY } = options
  if ([compute, computeMany, sql].filter((one) => one !== undefined).length !== 1) {
    throw fault("compute", "give one of compute, computeMany and sql.")
  }
  if (sql !== undefined && (typeof sql !== "string" || sql.trim() === "")) {
    throw fault("sql", `sql is ${show(sql)}: it must be a query, as text.`)
  }
  if (sql !== undefined && entities !== undefined) {
    throw fault("entities", "entities and sql do not go together: the query says which entities there are.")
  }
  checkWhole("concurrency", concurrency, [1, 1000])
  const schedule = parseSchedule(refresh as Refresh, "refresh")
  const jitterMs = durationOf("jitter", jitter) ?? 0
  return {
    feature,
    schedule,
    jitterMs,
    concurrency,
    compute,
    computeMany,
    entities,
    sql,
  }
}

function computedBy(options: AnyFeatureOptions): Feature["computedBy"] {
  const { trigger, refresh, materialize, compute, computeMany, sql } = options
  if (trigger !== undefined) {
    if (refresh !== undefined || materialize) {
      throw fault("refresh", "a feature is computed by its events or by time, not both: define two features.")
    }
    if (compute === undefined) throw fault("compute", "trigger and compute go together; compute is missing.")
    return "events"
  }
  if (materialize) {
    if (refresh === undefined) throw fault("refresh", "materialize needs refresh: a span such as 5m, or { cron }.")
    return "schedule"
  }
  if (compute !== undefined) return "reads"
  if (refresh !== undefined) throw fault("compute", "refresh and compute go together; compute is missing.")
  const many = computeMany === undefined ? sql && "sql" : "computeMany"
  if (many !== undefined) throw fault("materialize", `${many} needs refresh and materialize: true.`)
  return "nothing"
}

function durationOf(option: string, value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : parseDuration(value, option)
}

function fault(path: string, message: string): FabraError {
  return new FabraError("invalid_argument", message, { path })
}
