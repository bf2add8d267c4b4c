import { setMaxListeners } from "node:events"
import {
  type EntityPage,
  type FeatureCache,
  type FeatureStore,
  noOfflineStore,
  type OfflineStore,
  type ScheduledHandler,
} from "@fabra/core"
import { FabraError, hashEntityId, sleep } from "@fabra/events"
import type { Observer } from "./observer.js"
import { QueryPages } from "./query-pages.js"
import { retryDelay } from "./retry.js"
import { type Entry, type OpenRun, ScheduleBook, type ScheduleState } from "./schedule-book.js"
import { type BatchEnvironment, computeBatch } from "./scheduled-batch.js"
import type { Settings } from "./settings.js"

const LOOK_EVERY_MS = 1000
const PAGE = 500
const HISTORY = 20

/**
 * Computes features on schedule, together with all other workers on the same cache. Each turn is begun by one of them,
 * which says so in the {@link ScheduleBook} and after every page where it stands. Who sees a run whose entry has not
 * changed for a lease, by the own clock, takes it over from there; no two clocks are ever compared. Turns that came while a
 * run was under way, or while nobody was there, are made up for by one run for the last of them.
 */
export class Scheduler {
  readonly #handlers: readonly ScheduledHandler[]
  readonly #cache: FeatureCache
  readonly #offline: OfflineStore | undefined
  readonly #book: ScheduleBook
  readonly #settings: Settings
  readonly #observer: Observer
  /** The last turn known to be done, by feature: nothing is asked of the cache until the next. */
  readonly #done = new Map<string, number>()
  /** Runs of others, and since when their entry has been as it is. */
  readonly #seen = new Map<string, { readonly token: string | null; readonly since: number }>()
  readonly #running = new Map<string, Promise<void>>()

  /** @throws FabraError `invalid_setting` when a feature is SQL and there is nothing to ask */
  constructor({ registry, cache, offline }: FeatureStore, settings: Settings, observer: Observer) {
    this.#handlers = [...registry.scheduledHandlers.values()]
    const query = this.#handlers.find(({ sql }) => sql !== undefined)
    if (query !== undefined && offline === undefined) throw noOfflineStore(`Feature "${query.feature.name}" is SQL: it`)
    this.#cache = cache
    this.#offline = offline
    this.#book = new ScheduleBook(cache)
    this.#settings = settings
    this.#observer = observer
  }

  /** Works until `signal` fires; runs under way then stop after their page, for others to go on with. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#handlers.length === 0) return
    while (!signal.aborted) {
      await Promise.all(this.#handlers.map((handler) => this.#look(handler, signal)))
      await sleep(this.#settings.clock, LOOK_EVERY_MS, signal)
    }
    await this.idle()
  }

  /** Resolves when no run is under way here. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }

  async #look(handler: ScheduledHandler, signal: AbortSignal): Promise<void> {
    const { name } = handler.feature
    const turn = this.#due(handler)
    if (turn === null || this.#running.has(name) || (this.#done.get(name) ?? Number.NEGATIVE_INFINITY) >= turn) return
    try {
      const begun = await this.#begin(name, turn)
      if (begun === undefined) return
      const work = this.#work(handler, begun, signal)
        .catch((error) => this.#observer.outage(`The run of "${name}" is interrupted; it goes on later.`, error))
        .finally(() => this.#running.delete(name))
      this.#running.set(name, work)
    } catch (error) {
      this.#observer.outage("The cache does not answer; trying again.", error)
    }
  }

  /** The turn that should be done by now. */
  #due({ feature, schedule, jitterMs }: ScheduledHandler): number | null {
    const now = this.#settings.clock.now()
    const last = schedule.lastAt(now)
    if (last === null || jitterMs === 0) return last
    const delay = hashEntityId(`${feature.name}/${last}`) % jitterMs
    return now >= last + delay ? last : schedule.lastAt(last - 1)
  }

  /** Claims the turn, or a run that nobody goes on with; `undefined` when there is nothing to do. */
  async #begin(name: string, turn: number): Promise<Entry | undefined> {
    const entry = await this.#book.read(name)
    const { state, token } = entry
    const now = this.#settings.clock.now()
    if (state.run === null) {
      if (state.turn !== null && state.turn >= turn) {
        this.#done.set(name, state.turn)
        return undefined
      }
      const run = {
        ...{ owner: this.#settings.consumer, cursor: null, startedAt: now },
        entities: 0,
        failed: 0,
        error: null,
      }
      return this.#book.write(name, entry, { ...state, turn, run })
    }
    const { owner } = state.run
    if (owner !== null && owner !== this.#settings.consumer) {
      const seen = this.#seen.get(name)
      if (seen === undefined || seen.token !== token) this.#seen.set(name, { token, since: now })
      if (seen?.token !== token || now - seen.since < this.#settings.leaseMs) return undefined
    }
    return this.#book.write(name, entry, { ...state, run: { ...state.run, owner: this.#settings.consumer } })
  }

  async #work(handler: ScheduledHandler, begun: Entry, signal: AbortSignal): Promise<void> {
    const { feature, entities, sql } = handler
    const { clock, group, consumer } = this.#settings
    const turn = begun.state.turn as number
    let entry: Entry | undefined = begun
    const lost = new AbortController()
    setMaxListeners(0, lost.signal) // as many as are computed at once
    const env: BatchEnvironment = {
      ...{ cache: this.#cache, offline: this.#offline, clock, group, signal: lost.signal },
      retryDelay: (attempts) => retryDelay(this.#settings, attempts),
      stillOurs: async () => (await this.#book.read(feature.name)).state.run?.owner === consumer,
    }
    const query =
      sql === undefined
        ? undefined
        : new QueryPages(handler, { ...env, limit: PAGE, offline: this.#offline as OfflineStore })
    const compute = async (run: OpenRun) => {
      const queried = await query?.after(run.cursor)
      const page =
        queried === undefined ? await this.#page(handler, run) : { ...queried, ids: [...queried.values.keys()] }
      return { page, ...(await computeBatch(handler, page.ids, turn, env, queried)) }
    }
    try {
      while (entry?.state.run) {
        const run: OpenRun = entry.state.run
        const batch = compute(run)
        entry = await this.#renewWhile(batch, feature.name, entry)
        if (entry === undefined) break
        const { page, failed, error } = await batch
        const next: OpenRun = {
          ...run,
          ...{ cursor: page.next, entities: run.entities + page.ids.length, failed: run.failed + failed },
          error: error ?? run.error,
        }
        const state =
          page.next === null
            ? finished(entry.state, next, clock.now())
            : { ...entry.state, run: { ...next, owner: signal.aborted ? null : run.owner } }
        entry = await this.#book.write(feature.name, entry, state)
        if (signal.aborted) return
      }
      if (entry !== undefined) this.#done.set(feature.name, turn)
    } catch (error) {
      // Only what is the user's ends a run before its time; what the cache cannot do now it can do later.
      if ((entities ?? sql) === undefined || FabraError.from(error).code === "cache_unavailable" || entry === undefined)
        throw error
      const run = { ...(entry.state.run as OpenRun), error: FabraError.from(error).message }
      await this.#book.write(feature.name, entry, finished(entry.state, run, clock.now()))
    } finally {
      lost.abort()
      await query?.close()
    }
  }

  async #page({ entities, feature }: ScheduledHandler, { cursor }: OpenRun): Promise<EntityPage> {
    const from = { limit: PAGE, ...(cursor === null ? {} : { after: cursor }) }
    return await (entities?.(from) ?? this.#cache.entities(feature.entity.name, from))
  }

  /** Says again and again that the run is alive, until the batch is done; `undefined` when it is another's now. */
  async #renewWhile(batch: Promise<unknown>, name: string, begun: Entry): Promise<Entry | undefined> {
    let entry: Entry | undefined = begun
    const over = new AbortController()
    const done = batch.finally(() => over.abort())
    done.catch(() => {}) // whoever awaits the batch is told
    while (entry !== undefined) {
      await sleep(this.#settings.clock, this.#settings.leaseMs / 3, over.signal)
      if (over.signal.aborted) return entry
      entry = await this.#book.write(name, entry, entry.state)
    }
    return undefined
  }
}

function finished(state: ScheduleState, run: OpenRun, now: number): ScheduleState {
  const { owner: _owner, cursor: _cursor, ...rest } = run
  const last = { scheduledFor: state.turn as number, finishedAt: now, ...rest }
  return { turn: state.turn, run: null, history: [last, ...state.history].slice(0, HISTORY) }
}
