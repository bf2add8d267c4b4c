import type { FeatureCache, OfflineStore, ScheduleContext } from "@fabra/core"
import {
  type EntityRecord,
  encodeValue,
  newToken,
  type ScheduledHandler,
  type StoredValue,
  sqlOn,
  withTimeout,
} from "@fabra/core/adapter"
import { type Clock, FabraError } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import { checkComputed } from "./user-answers.js"

/** Most entities in one call of cache and user. */
const MAX_BATCH = 500
/** Most times an entity is computed again because it was changed meanwhile. */
const MAX_ROUNDS = 20

/** What a batch works with. */
export interface BatchEnvironment {
  readonly cache: FeatureCache
  /** What `context.sql` asks. */
  readonly offline: OfflineStore | undefined
  readonly clock: Clock
  /** The group whose records events change too. */
  readonly group: string
  /** The time in the schedule that is computed, epoch milliseconds. */
  readonly occurrence: number
  /** Fires when the run is abandoned. */
  readonly signal: AbortSignal
  retryDelay(attempts: number): number
  /** Whether the run is still this worker's. */
  stillOurs(): Promise<boolean>
}

/** Values that a query has yielded. */
export interface QueriedValues {
  readonly values: ReadonlyMap<string, unknown>
  /** When it was asked, epoch milliseconds. */
  readonly computedAt: number
}

/** What came of a batch. */
export interface BatchResult {
  readonly failed: number
  readonly error: string | null
}

/**
 * Computes a feature for some entities and commits the values, each only if nothing has changed the entity since before it
 * was computed: what an event writes meanwhile is never overwritten by what was computed without it.
 * @param queried the values, where a query has yielded them
 */
export async function computeBatch(
  handler: ScheduledHandler,
  entityIds: readonly string[],
  env: BatchEnvironment,
  queried?: QueriedValues,
): Promise<BatchResult> {
  const ids = [...new Set(entityIds)]
  const whole: { failed: number; error: string | null } = { failed: 0, error: null }
  // A page of the user's may be as large as it likes.
  for (let i = 0; i < ids.length; i += MAX_BATCH) {
    const { failed, error } = await computeSome(handler, ids.slice(i, i + MAX_BATCH), env, queried)
    whole.failed += failed
    whole.error = error ?? whole.error
  }
  return whole
}

async function computeSome(
  handler: ScheduledHandler,
  entityIds: readonly string[],
  env: BatchEnvironment,
  queried: QueriedValues | undefined,
): Promise<BatchResult> {
  let [failed, error]: [number, string | null] = [0, null]
  const entityType = handler.feature.entity.name
  let left = entityIds
  for (let round = 1; left.length > 0; round++) {
    const keys = left.map((entityId) => ({ entityType, entityId }))
    const records = await env.cache.load(keys, env.group)
    // Asked before the records are loaded, a worker could lose the run in between and overwrite a later occurrence.
    if (!(await env.stillOurs())) break
    const values = queried === undefined ? await computeAll(handler, left, env) : encodeAll(handler, left, queried)
    const changes = records.flatMap((record) => {
      const value = values.get(record.key.entityId)
      if (typeof value !== "string") return []
      return [toChange(record, handler, { text: value, computedAt: queried?.computedAt ?? env.clock.now() }, env.group)]
    })
    const results = changes.length === 0 ? [] : await env.cache.commit(changes)
    const again = new Set(changes.flatMap(({ key }, i) => (results[i]?.status === "applied" ? [] : [key.entityId])))
    for (const value of values.values()) {
      if (!(value instanceof Error)) continue
      failed++
      error = value.message
    }
    left = left.filter((id) => again.has(id))
    if (left.length > 0 && round === MAX_ROUNDS) {
      failed += left.length
      error = `${left[0]} was changed each of ${MAX_ROUNDS} times while it was computed.`
      left = []
    }
  }
  return { failed, error }
}

function toChange(
  record: EntityRecord,
  { feature }: ScheduledHandler,
  computed: Pick<StoredValue, "text" | "computedAt">,
  group: string,
) {
  const value = { ...computed, eventTime: null }
  return {
    key: record.key,
    group,
    baseVersion: record.version,
    token: newToken(),
    // What the group has settled stays as it is.
    state: record.state ?? record.tombstone ?? "{}",
    values: new Map([[feature.name, value]]),
  }
}

function encodeAll({ feature }: ScheduledHandler, ids: readonly string[], { values }: QueriedValues) {
  return new Map(
    ids.map((id): [string, string | Error] => {
      try {
        return [id, encodeValue(values.get(id), `value of feature "${feature.name}"`)]
      } catch (error) {
        return [id, error as Error]
      }
    }),
  )
}

/** By id: the text of its value, `undefined` for none, or why it could not be computed. */
async function computeAll(
  handler: ScheduledHandler,
  ids: readonly string[],
  env: BatchEnvironment,
): Promise<Map<string, string | undefined | Error>> {
  const { compute, computeMany, feature, concurrency } = handler
  const values = new Map<string, string | undefined | Error>()
  const encode = (value: unknown) =>
    value === undefined ? undefined : encodeValue(value, `value of feature "${feature.name}"`)
  if (computeMany !== undefined) {
    const some = await tried(handler, env, async (context) => {
      const computed = await computeMany(ids, context)
      checkComputed(feature.name, computed, ids)
      return new Map(ids.map((id) => [id, encode(computed.get(id))]))
    })
    for (const id of ids) values.set(id, some instanceof Error ? some : some.get(id))
    return values
  }
  const waiting = ids.values()
  const one = async () => {
    for (const id of waiting) {
      values.set(id, await tried(handler, env, async (context) => encode(await compute?.(id, context))))
    }
  }
  await Promise.all(Array.from({ length: concurrency }, one))
  return values
}

/** Runs a function of the user as often as its feature allows; returns the last error when all attempts fail. */
async function tried<Result>(
  { feature: { name, maxRetries, timeoutMs } }: ScheduledHandler,
  { clock, offline, occurrence, signal, retryDelay }: BatchEnvironment,
  run: (context: ScheduleContext) => Promise<Result>,
): Promise<Result | Error> {
  for (let attempt = 1; ; attempt++) {
    const abort = new AbortController()
    const giveUp = () => abort.abort(signal.reason)
    signal.addEventListener("abort", giveUp)
    try {
      const limits = { timeoutMs, signal: abort.signal }
      const [scheduledFor, now] = [new Date(occurrence), new Date(clock.now())]
      const context = { scheduledFor, now, sql: sqlOn(offline, limits), signal: abort.signal }
      return (await withTimeout(clock, run(context), timeoutMs, name)) as Result
    } catch (error) {
      abort.abort(error)
      if (attempt > maxRetries || signal.aborted) return FabraError.from(error)
    } finally {
      signal.removeEventListener("abort", giveUp)
    }
    await sleep(clock, retryDelay(attempt), signal)
  }
}
