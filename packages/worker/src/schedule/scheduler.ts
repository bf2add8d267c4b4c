import { setMaxListeners } from "node:events"
import type { Feature, OfflineStore } from "@fabra/core"
import { type EntityPage, noOfflineStore, type ScheduledHandler } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { hashEntityId, sleep } from "@fabra/events/adapter"
import type { WorkerContext } from "../context.js"
import { retryDelay } from "../retry.js"
import { QueryPages } from "./query-pages.js"
import { type Entry, type OpenScheduleRun, ScheduleBook } from "./schedule-book.js"
import { type BatchEnvironment, computeBatch } from "./scheduled-batch.js"
import { checkPage } from "./user-answers.js"

const LOOK_EVERY_MS = 1000
/** Longer than timers can be set for is only until a later look sets one again. */
const LONGEST_WAIT_MS = 86_400_000
const PAGE = 500
const HISTORY = 20

/**
 * Computes features on schedule, together with all other workers on the same cache. One of them begins each occurrence: it
 * claims it in the {@link ScheduleBook}, and notes there after every page where it stands. A worker that sees an entry
 * unchanged for a lease, by its own clock, takes the run over from there; no two clocks are ever compared. One run, for the
 * last of them, makes up for occurrences that passed while a run was under way or no worker was there.
 */
export class Scheduler {
  readonly #handlers: readonly ScheduledHandler[]
  readonly #book: ScheduleBook
  readonly #context: WorkerContext
  /** Runs of other workers, and since when their entry has not changed. */
  readonly #seen = new Map<string, { readonly version: string | null; readonly since: number }>()
  readonly #running = new Map<string, Promise<void>>()

  /** @throws FabraError `invalid_setting` when a feature is SQL and there is nothing to ask */
  constructor(context: WorkerContext) {
    const { registry, offline } = context.store
    this.#handlers = [...registry.scheduledHandlers.values()]
    const query = this.#handlers.find(({ sql }) => sql !== undefined)
    if (query !== undefined && offline === undefined) throw noOfflineStore(`Feature "${query.feature.name}" is SQL: it`)
    this.#book = new ScheduleBook(context.cache)
    this.#context = context
  }

  /** Works until `signal` fires; runs under way then stop after their page, and other workers continue them. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#handlers.length === 0) return
    while (!signal.aborted) {
      await this.#look(signal)
      await this.#untilNextLook(signal)
    }
    await this.idle()
  }

  /** Resolves when no run is under way here. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }

  /** Other workers and requests change what is to be done at any time; by itself it changes when an occurrence is due. */
  async #untilNextLook(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context.settings
    const due = Math.min(...this.#handlers.map((handler) => this.#nextDue(handler)))
    const waitMs = Math.min(due - clock.now(), LONGEST_WAIT_MS)
    let wake = () => {}
    const woken = new Promise<void>((resolve) => {
      wake = resolve
    })
    const timer = clock.setTimer(wake, waitMs)
    signal.addEventListener("abort", wake, { once: true })
    const other = clock.setTimer(wake, LOOK_EVERY_MS, "upkeep")
    if (!signal.aborted) await woken
    signal.removeEventListener("abort", wake)
    timer.cancel()
    other.cancel()
  }

  /** Begins runs that are due or requested, and takes over abandoned ones. */
  async #look(signal: AbortSignal): Promise<void> {
    const free = this.#handlers.filter(({ feature }) => !this.#running.has(feature.name))
    if (free.length === 0) return
    try {
      const entries = await this.#book.readAll(free.map(({ feature }) => feature.name))
      await Promise.all(free.map((handler, i) => this.#lookAt(handler, entries[i] as Entry, signal)))
    } catch (error) {
      this.#context.observer.outage("The cache does not answer; trying again.", error)
    }
  }

  async #lookAt(handler: ScheduledHandler, entry: Entry, signal: AbortSignal): Promise<void> {
    const { name } = handler.feature
    const begun = await this.#begin(handler, entry)
    if (begun === undefined) return
    const work = this.#work(handler, begun, signal)
      .catch((error) => this.#context.observer.outage(`The run of "${name}" is interrupted; it goes on later.`, error))
      .finally(() => this.#running.delete(name))
    this.#running.set(name, work)
  }

  /** The occurrence that should be done by now. */
  #due({ feature, schedule, jitterMs }: ScheduledHandler): number | null {
    const now = this.#context.settings.clock.now()
    const last = schedule.lastAt(now)
    if (last === null || jitterMs === 0) return last
    return now >= last + delayOf(feature, last, jitterMs) ? last : schedule.lastAt(last - 1)
  }

  /** When the next occurrence will be due; infinity: never. */
  #nextDue({ feature, schedule, jitterMs }: ScheduledHandler): number {
    const now = this.#context.settings.clock.now()
    const times = [schedule.lastAt(now), schedule.nextAfter(now)].flatMap((time) =>
      time === null ? [] : [time + delayOf(feature, time, jitterMs)],
    )
    return Math.min(...times.filter((time) => time > now))
  }

  /** Claims an occurrence, or an abandoned run; `undefined` when there is nothing to do. */
  async #begin(handler: ScheduledHandler, entry: Entry): Promise<Entry | undefined> {
    const { name } = handler.feature
    const { state, version, request: asked } = entry
    const now = this.#context.settings.clock.now()
    if (state.run === null) {
      const due = this.#due(handler)
      const request = asked === state.answered ? null : asked
      const isDue = due !== null && (state.turn === null || due > state.turn)
      if (!isDue && request === null) return undefined
      const turn = isDue ? due : (state.turn ?? now)
      const { owner } = this.#context.settings
      const run = { owner, cursor: null, startedAt: now, entities: 0, failed: 0, error: null, request }
      return this.#book.write(name, entry, { ...state, turn, run, answered: request ?? state.answered })
    }
    const { owner } = state.run
    if (owner !== null && owner !== this.#context.settings.owner) {
      const seen = this.#seen.get(name)
      if (seen === undefined || seen.version !== version) this.#seen.set(name, { version, since: now })
      if (seen?.version !== version || now - seen.since < this.#context.settings.leaseMs) return undefined
    }
    return this.#book.write(name, entry, { ...state, run: { ...state.run, owner: this.#context.settings.owner } })
  }

  async #work(handler: ScheduledHandler, begun: Entry, signal: AbortSignal): Promise<void> {
    const { feature, entities, sql } = handler
    const { cache, store, settings } = this.#context
    const { clock, group, owner } = settings
    let entry: Entry | undefined = begun
    const lost = new AbortController()
    setMaxListeners(0, lost.signal) // as many as are computed at once
    const env: BatchEnvironment = {
      cache,
      offline: store.offline,
      clock,
      group,
      signal: lost.signal,
      occurrence: begun.state.turn as number,
      retryDelay: (attempts) => retryDelay(settings, attempts),
      stillOurs: async () => {
        const { run } = (await this.#book.read(feature.name)).state
        return run?.owner === owner && !lost.signal.aborted // it may be a later run of ours
      },
    }
    const query =
      sql === undefined
        ? undefined
        : new QueryPages(handler, { ...env, limit: PAGE, offline: store.offline as OfflineStore })
    const compute = async (run: OpenScheduleRun) => {
      const queried = await query?.after(run.cursor)
      const page =
        queried === undefined ? await this.#page(handler, run) : { ...queried, ids: [...queried.values.keys()] }
      return { page, ...(await computeBatch(handler, page.ids, env, queried)) }
    }
    try {
      while (entry?.state.run) {
        const run: OpenScheduleRun = entry.state.run
        const batch = compute(run)
        entry = await this.#renewWhile(batch, feature.name, entry)
        if (entry === undefined) break
        const { page, failed, error } = await batch
        const next: OpenScheduleRun = {
          ...run,
          cursor: page.next,
          entities: run.entities + page.ids.length,
          failed: run.failed + failed,
          error: error ?? run.error,
        }
        this.#context.observer.scheduled(feature, page.ids.length, failed)
        if (page.next === null) return await this.#finish(feature, entry, next, true)
        const state = { ...entry.state, run: { ...next, owner: signal.aborted ? null : run.owner } }
        entry = await this.#book.write(feature.name, entry, state)
        if (signal.aborted) return
      }
    } catch (error) {
      const { code, message } = FabraError.from(error)
      // Only errors of the user's code end a run early; a store that does not answer now can answer later.
      if ((entities ?? sql) === undefined || code === "cache_unavailable" || entry === undefined) throw error
      const run = { ...(entry.state.run as OpenScheduleRun), error: message }
      if (code !== "offline_unavailable") return await this.#finish(feature, entry, run, false)
      await this.#book.write(feature.name, entry, { ...entry.state, run })
      throw error
    } finally {
      lost.abort()
      await query?.close()
    }
  }

  async #finish(feature: Feature, entry: Entry, run: OpenScheduleRun, complete: boolean): Promise<void> {
    const { owner: _owner, cursor: _cursor, ...rest } = run
    const { state } = entry
    const error = complete && run.failed === 0 ? null : run.error // an outage meanwhile is over
    const finishedAt = this.#context.settings.clock.now()
    const over = { ...rest, scheduledFor: state.turn as number, finishedAt, complete, error }
    const next = { ...state, run: null, history: [over, ...state.history].slice(0, HISTORY) }
    if ((await this.#book.write(feature.name, entry, next)) !== undefined)
      this.#context.observer.scheduleRun(feature, over)
  }

  async #page({ entities, feature }: ScheduledHandler, { cursor }: OpenScheduleRun): Promise<EntityPage> {
    const from = { limit: PAGE, ...(cursor === null ? {} : { after: cursor }) }
    if (entities === undefined) return await this.#context.cache.entities(feature.entity.name, from)
    return checkPage(feature.name, await entities(from), cursor)
  }

  /** Renews the claim until the batch is done; `undefined` when another worker has taken the run over. */
  async #renewWhile(batch: Promise<unknown>, name: string, begun: Entry): Promise<Entry | undefined> {
    let entry: Entry | undefined = begun
    const over = new AbortController()
    const done = batch.finally(() => over.abort())
    done.catch(() => {}) // the caller awaits the batch itself
    while (entry !== undefined) {
      await sleep(this.#context.settings.clock, this.#context.settings.leaseMs / 3, over.signal)
      if (over.signal.aborted) return entry
      entry = await this.#book.write(name, entry, entry.state)
    }
    return undefined
  }
}

/** So much later an occurrence begins, by a chance that is the same for all workers. */
function delayOf({ name }: Feature, occurrence: number, jitterMs: number): number {
  return jitterMs === 0 ? 0 : hashEntityId(`${name}/${occurrence}`) % jitterMs
}
