import { type Clock, FabraError } from "@fabra/events"
import type { EntityKey, FeatureCache, StoredValue } from "../cache/cache.js"
import type { ReadContext, ReadHandler, ReadInput } from "../feature/computed-feature.js"
import type { Feature } from "../feature/feature.js"
import { encodeValue } from "../feature/values.js"
import type { OfflineStore } from "../offline/offline-store.js"
import { sqlOn } from "../offline/sql.js"
import type { Registry } from "../registry.js"
import { StoredRow, storedNames } from "../state/stored-row.js"
import { outsideTransactions, type Transaction, transactionOf } from "../transaction.js"
import type { KeptValues } from "./kept-values.js"
import { type FeatureValue, isGone, serveValue } from "./serve.js"
import { withTimeout } from "./timeout.js"

/** What a {@link Reading} works with. */
export interface ReadingEnvironment {
  readonly registry: Registry
  readonly cache: FeatureCache
  readonly clock: Clock
  readonly kept: KeptValues
  readonly offline: OfflineStore | undefined
}

/** Reads that are to be one call of the cache. */
interface Batch {
  readonly ids: Map<string, number>
  readonly names: Map<string, number>
  readonly values: Promise<(StoredValue | undefined)[][]>
}

/**
 * One read of features some of which are computed for it. What is asked for in one go comes with one call of the cache for
 * each type of entity; each feature is computed once, however many others ask for it.
 */
export class Reading {
  readonly #env: ReadingEnvironment
  readonly #input: ReadInput
  /** What is being computed while this read waits for it, from the outermost on; see {@link KeptValues}. */
  readonly #within: readonly string[]
  readonly #batches = new Map<string, Batch>()
  readonly #values = new Map<string, Promise<FeatureValue<unknown>>>()
  /** What waits for what, now: no cycle is ever in it. */
  readonly #waits = new Map<string, Set<string>>()

  constructor(env: ReadingEnvironment, input: ReadInput = {}, within: readonly string[] = []) {
    this.#env = env
    this.#input = input
    this.#within = within
  }

  /** A feature as it is served. @param asker what is computed from it, if it is @throws FabraError `feature_failed`, … */
  value(feature: Feature, entityId: string, asker?: string): Promise<FeatureValue<unknown>> {
    const id = `${feature.name}/${entityId}`
    const handler = this.#env.registry.readHandlers.get(feature.name)
    if (handler !== undefined) this.#checkCycle(id, asker)
    if (handler === undefined || asker === undefined) return this.#shared(feature, entityId, handler, id)
    // Before it is computed, which asks for others at once; until it is there: what is may be asked for by anything.
    const waits = this.#waits.get(asker) ?? new Set()
    this.#waits.set(asker, waits.add(id))
    const value = this.#shared(feature, entityId, handler, id)
    const settled = () => void waits.delete(id)
    value.then(settled, settled)
    return value
  }

  #shared(feature: Feature, entityId: string, handler: ReadHandler | undefined, id: string) {
    let value = this.#values.get(id)
    if (value === undefined) {
      value = this.#read(feature, entityId, handler, id)
      this.#values.set(id, value)
    }
    return value
  }

  #read(feature: Feature, entityId: string, handler: ReadHandler | undefined, id: string) {
    if (handler === undefined) return this.#readStored(feature, entityId)
    return handler.refreshMs === undefined
      ? this.#readComputed(handler, entityId, id)
      : this.#readKept(handler, entityId, id)
  }

  async #readStored(feature: Feature, entityId: string): Promise<FeatureValue<unknown>> {
    const transaction = transactionOf(entityId, feature.entity.name)
    if (feature.state !== undefined) return this.#finish(feature, entityId, transaction)
    const stored =
      transaction === undefined ? await this.#stored(feature.name, entityId, feature) : transaction.stored(feature.name)
    return serveValue(feature, stored, this.#env.clock.now())
  }

  async #finish(feature: Feature, entityId: string, transaction: Transaction | undefined) {
    if (transaction !== undefined) {
      return new StoredRow((name) => transaction.stored(name), transaction.eventTime).serve(feature)
    }
    const names = storedNames([feature])
    const stored = await Promise.all(names.map((name) => this.#stored(name, entityId, feature)))
    const lookup = new Map(names.map((name, i) => [name, stored[i]]))
    return new StoredRow((name) => lookup.get(name), this.#env.clock.now()).serve(feature)
  }

  async #readComputed(handler: ReadHandler, entityId: string, id: string): Promise<FeatureValue<unknown>> {
    const text = await this.#compute(handler, entityId, id)
    const now = this.#env.clock.now()
    return serveValue(handler.feature, text === undefined ? undefined : { text, eventTime: null, computedAt: now }, now)
  }

  async #readKept(handler: ReadHandler, entityId: string, id: string): Promise<FeatureValue<unknown>> {
    const { feature } = handler
    const { clock, kept } = this.#env
    const found = await this.#stored(feature.name, entityId, feature)
    const stored = found === undefined || isGone(feature, found, clock.now()) ? undefined : found
    const serve = (value: StoredValue | undefined) => serveValue(feature, value, clock.now())
    if (kept.isFresh(handler, stored)) return serve(stored)
    // It is for everybody, so nothing of this reader, nor of a transaction not yet committed, may be in it.
    const others = new Reading(this.#env, {}, [...this.#within, id])
    const key = { entityType: feature.entity.name, entityId }
    const fresh = outsideTransactions(() => kept.refresh(handler, key, () => others.#compute(handler, entityId, id)))
    if (stored === undefined) return serve(await fresh)
    const stale = (): FeatureValue<unknown> => ({ ...serve(stored), status: "STALE" })
    const settled = fresh.then((value) => (value === undefined ? stale() : serve(value)), stale)
    return handler.staleWhileRevalidate ? stale() : settled
  }

  #stored(name: string, entityId: string, { entity }: Feature): Promise<StoredValue | undefined> {
    const batch = this.#batches.get(entity.name) ?? this.#newBatch(entity.name)
    const row = indexIn(batch.ids, entityId)
    const column = indexIn(batch.names, name)
    return batch.values.then((values) => values[row]?.[column])
  }

  #newBatch(entityType: string): Batch {
    const [ids, names] = [new Map<string, number>(), new Map<string, number>()]
    // By then all that is asked for in this go is in the maps.
    const values = Promise.resolve().then(() => {
      this.#batches.delete(entityType)
      const keys = [...ids.keys()].map((entityId): EntityKey => ({ entityType, entityId }))
      return this.#env.cache.read(keys, [...names.keys()])
    })
    const batch = { ids, names, values }
    this.#batches.set(entityType, batch)
    return batch
  }

  /** The text of a computed value, `undefined` when there is none. */
  async #compute(handler: ReadHandler, entityId: string, id: string): Promise<string | undefined> {
    const { feature, compute, refreshMs } = handler
    const abort = new AbortController()
    const { signal } = abort
    const context: ReadContext = {
      input: refreshMs === undefined ? this.#input : {},
      now: new Date(this.#env.clock.now()),
      get: (other: Feature | string) => this.#get(feature, other, entityId, id) as Promise<any>,
      sql: sqlOn(this.#env.offline, { timeoutMs: feature.timeoutMs, signal }),
      signal,
    }
    try {
      // Called here and now, so that its first reads are part of this go.
      const result = (async () => compute(entityId, context))()
      const value = await withTimeout(this.#env.clock, result, feature.timeoutMs, feature.name)
      return value === undefined ? undefined : encodeValue(value, `value of feature "${feature.name}"`)
    } catch (cause) {
      abort.abort(cause)
      const { message } = FabraError.from(cause)
      throw new FabraError("feature_failed", `Feature "${feature.name}" could not be computed: ${message}`, {
        path: feature.name,
        cause,
      })
    }
  }

  async #get(asker: Feature, asked: Feature | string, entityId: string, id: string): Promise<unknown> {
    const name = typeof asked === "string" ? asked : asked.name
    const feature = this.#env.registry.feature(name)
    if (feature.entity !== asker.entity) {
      const message = `"${name}" belongs to ${feature.entity.name}, "${asker.name}" to ${asker.entity.name}: read it with store.getFeature.`
      throw new FabraError("invalid_argument", message)
    }
    const transaction = feature.computedBy === "reads" ? undefined : transactionOf(entityId, feature.entity.name)
    return transaction === undefined ? (await this.value(feature, entityId, id)).value : transaction.get(name)
  }

  #checkCycle(id: string, asker: string | undefined): void {
    if (!this.#within.includes(id) && (asker === undefined || !this.#waitsFor(id, asker))) return
    const [name] = id.split("/")
    throw new FabraError("invalid_argument", `Feature "${name}" is computed from itself.`)
  }

  #waitsFor(id: string, other: string): boolean {
    if (id === other) return true
    for (const next of this.#waits.get(id) ?? []) if (this.#waitsFor(next, other)) return true
    return false
  }
}

function indexIn(positions: Map<string, number>, name: string): number {
  const known = positions.get(name) ?? positions.size
  positions.set(name, known)
  return known
}
