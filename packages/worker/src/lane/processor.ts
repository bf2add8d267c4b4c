import type { CommitResult, EntityRecord, FeatureCache } from "@fabra/core"
import { newToken } from "@fabra/core"
import { type DeadLetterQueue, FabraError, sleep } from "@fabra/events"
import { computeLane } from "../compute/compute.js"
import type { ComputeEnvironment } from "../compute/compute-environment.js"
import { Draft } from "../compute/draft.js"
import type { Observer } from "../observe/observer.js"
import type { PartitionRun } from "../partition/partition-run.js"
import { LiveRecord } from "../record/live-record.js"
import { RecordCache } from "../record/record-cache.js"
import { type Places, placesOf } from "../record/record-values.js"
import { retryDelay } from "../retry.js"
import type { Settings } from "../settings.js"
import type { Caution } from "./caution.js"
import type { Item } from "./item.js"
import { type Lane, NO_ITEMS } from "./lane.js"

/** Most records in one call that loads. */
const MAX_LOAD = 500
/**
 * Most in one that commits: those of a batch of the default size fit. Of 500 the text of some 160 KB, made of thousands of
 * pieces, took as long to join and to write as all the rest.
 */
const MAX_COMMIT = 100

/** What the processor tells the worker. */
export interface ProcessorEvents {
  /** Items were settled, or a run has ended: there may be room for more. */
  progressed(): void
  /** A lane that has left out records is empty. */
  emptied(lane: Lane): void
  /** The cache has lost what this run had seen settled (rule R2). */
  rolledBack(run: PartitionRun): void
  /** A fault of our own: nothing may go on. */
  failed(error: unknown): void
}

/**
 * Takes events through their lanes: load the record, compute, commit, settle. Lanes that are ready together share round
 * trips; synchronous handlers cost no promise; nothing of one entity ever overlaps.
 */
export class Processor {
  /** Items that are being worked on or could be: all but those behind a retry. */
  backlog = 0
  readonly #cache: FeatureCache
  readonly #deadLetters: DeadLetterQueue
  readonly #settings: Settings
  readonly #env: ComputeEnvironment
  readonly #observer: Observer
  readonly #events: ProcessorEvents
  readonly #records = new RecordCache()
  readonly #places = new Map<string, Places>()
  readonly #caution: Caution
  readonly #tokenPrefix = newToken()
  #tokens = 0
  #ready: Lane[] = []
  #toCommit: Lane[] = []

  constructor(
    cache: FeatureCache,
    deadLetters: DeadLetterQueue,
    settings: Settings,
    env: ComputeEnvironment,
    observer: Observer,
    caution: Caution,
    events: ProcessorEvents,
  ) {
    this.#cache = cache
    this.#deadLetters = deadLetters
    this.#settings = settings
    this.#env = env
    this.#observer = observer
    this.#caution = caution
    this.#events = events
  }

  /** Puts an event in line; {@link pump} starts the work. */
  enqueue(lane: Lane, item: Item): void {
    // A list that is made by its first push is given room for seventeen.
    if (lane.items.length === 0) lane.items = [item]
    else lane.items.push(item)
    lane.run.take(item)
    if (lane.state !== "waiting") this.backlog++
    if (lane.state === "idle") this.#makeReady(lane)
  }

  /** Works on every lane that is ready. */
  pump(): void {
    const missing: Lane[] = []
    while (this.#ready.length > 0) {
      const lanes = this.#ready
      this.#ready = []
      for (const lane of lanes) {
        if (!lane.run.active) continue
        lane.state = "busy"
        if (lane.record === undefined) missing.push(lane)
        else this.#compute(lane, lane.record)
      }
    }
    for (let i = 0; i < missing.length; i += MAX_LOAD) this.#guard(this.#load(missing.slice(i, i + MAX_LOAD)))
  }

  /** Forgets a run: its lanes, and with it the records that were loaded for it. */
  drop(run: PartitionRun): void {
    for (const lane of run.lanes()) {
      if (lane.state === "waiting") this.#observer.freed(lane)
      else this.backlog -= lane.items.length
      this.#records.delete(lane)
    }
    run.end()
    this.#caution.forget(run)
    this.#events.progressed()
  }

  async #load(lanes: readonly Lane[]): Promise<void> {
    let records: readonly EntityRecord[]
    try {
      const keys = lanes.map(({ key }) => key)
      records = await this.#observer.time("cache", "load", this.#cache.load(keys, this.#settings.group))
    } catch (error) {
      for (const lane of lanes) this.#retryOutage(lane, error)
      return
    }
    for (const [i, lane] of lanes.entries()) {
      if (lane.run.active) this.#loaded(lane, records[i] as EntityRecord)
    }
    this.pump()
  }

  #loaded(lane: Lane, loaded: EntityRecord): void {
    const { run } = lane
    const record = new LiveRecord(loaded, run.partition, this.#placesOf(lane.key.entityType))
    const seen = run.lastSeen(lane.key) ?? ""
    // What the stored checkpoint covers can not be lost, but may have been removed.
    if (seen > (run.start.position ?? "") && record.mark.mark < seen) {
      this.#events.rolledBack(run)
      return
    }
    run.epochs.add(loaded.epoch)
    this.#records.set(lane, record)
    this.#compute(lane, record)
  }

  #placesOf(entityType: string): Places {
    const known = this.#places.get(entityType)
    if (known !== undefined) return known
    const places = placesOf(this.#env.registry, entityType)
    this.#places.set(entityType, places)
    return places
  }

  #compute(lane: Lane, record: LiveRecord): void {
    const draft = new Draft(record, lane.run.partition)
    lane.draft = draft
    const waiting = computeLane(lane, draft, this.#env)
    if (waiting === undefined) this.#computed(lane, draft)
    else this.#guard(waiting.then(() => this.#computed(lane, draft)).then(() => this.pump()))
  }

  #computed(lane: Lane, draft: Draft): void {
    if (!lane.run.active) return
    if (!draft.dirty) this.#finish(lane)
    else if (draft.deadLetters.length > 0) this.#guard(this.#bury(lane, draft))
    else this.#commitSoon(lane)
  }

  /** Dead letters are durable before the commit that passes over their events (rule R5). */
  async #bury(lane: Lane, draft: Draft): Promise<void> {
    for (let attempt = 1; lane.run.active; attempt++) {
      try {
        await this.#observer.time("bus", "append_dead_letter", this.#deadLetters.append(draft.deadLetters))
        for (const letter of draft.deadLetters) this.#observer.deadLettered(letter)
        if (lane.run.active) this.#commitSoon(lane)
        return
      } catch (error) {
        this.#observer.outage("The dead-letter queue does not answer; trying again.", error)
        await sleep(this.#settings.clock, retryDelay(this.#settings, attempt))
      }
    }
  }

  /**
   * What becomes ready to commit in one go of the event loop shares calls. A full one leaves at once: what it is made of
   * is still in the processor's caches, and Redis works on it meanwhile.
   */
  #commitSoon(lane: Lane): void {
    const waiting = this.#toCommit.push(lane)
    if (waiting === 1) queueMicrotask(() => this.#flush())
    if (waiting === MAX_COMMIT) this.#flush()
  }

  #flush(): void {
    const lanes = this.#toCommit.filter(({ run }) => run.active)
    this.#toCommit = []
    if (lanes.length > 0) this.#guard(this.#commit(lanes))
  }

  async #commit(lanes: readonly Lane[]): Promise<void> {
    const changes = lanes.map(({ key, draft }) =>
      (draft as Draft).toChange(key, this.#settings.group, this.#nextToken()),
    )
    const results = await this.#observer.timeCommit(lanes, this.#cache.commit(changes))
    for (const [i, lane] of lanes.entries()) {
      if (lane.run.active) this.#committed(lane, results[i] as CommitResult)
    }
    this.pump()
  }

  #committed(lane: Lane, result: CommitResult): void {
    const draft = lane.draft as Draft
    if (result.status === "applied") {
      draft.confirm(result.token)
      this.#records.used(lane)
      lane.run.epochs.add(result.epoch)
      this.#finish(lane)
      return
    }
    // Whatever we knew is old (a conflict) or doubtful (rule R8): load, skip what is settled, compute the rest anew.
    this.#records.delete(lane)
    if (result.status === "conflict") this.#makeReady(lane)
    else this.#retryOutage(lane, result.error)
  }

  /** The draft is committed, or there was nothing to commit. */
  #finish(lane: Lane): void {
    const { run } = lane
    lane.outages = 0
    lane.draft = undefined
    const { items, settles } = lane
    lane.items = settles === items.length ? NO_ITEMS : items.slice(settles)
    this.backlog -= settles
    for (let i = 0; i < settles; i++) {
      const item = items[i] as Item
      if (item.caution !== undefined) this.#caution.done(item)
      run.settle(item)
      this.#observer.applied(item)
    }
    if (lane.retryInMs !== undefined) this.#wait(lane, lane.retryInMs)
    else if (lane.asks) this.#askCaution(lane)
    else if (lane.items.length > 0) this.#makeReady(lane)
    else {
      lane.state = "idle"
      if (run.overflow.has(lane)) this.#events.emptied(lane)
    }
    this.#events.progressed()
  }

  #askCaution(lane: Lane): void {
    this.#park(lane)
    this.#caution.ask(lane, () => this.#unpark(lane))
  }

  #makeReady(lane: Lane): void {
    lane.state = "ready"
    this.#ready.push(lane)
  }

  #retryOutage(lane: Lane, error: unknown): void {
    if (!lane.run.active) return
    this.#observer.outage("The cache does not answer; trying again.", error)
    lane.outages++
    this.#wait(lane, retryDelay(this.#settings, lane.outages))
  }

  #wait(lane: Lane, ms: number): void {
    this.#park(lane)
    lane.timer = this.#settings.clock.setTimer(() => {
      lane.timer = undefined
      this.#unpark(lane)
    }, ms)
    this.#events.progressed()
  }

  #park(lane: Lane): void {
    lane.state = "waiting"
    this.backlog -= lane.items.length
    this.#observer.blocked(lane)
  }

  #unpark(lane: Lane): void {
    this.backlog += lane.items.length
    this.#observer.freed(lane)
    this.#makeReady(lane)
    this.pump()
  }

  #nextToken(): string {
    return [this.#tokenPrefix, (this.#tokens++).toString(36)].join("")
  }

  #guard(work: Promise<void>): void {
    work.catch((error) => this.#events.failed(FabraError.from(error)))
  }
}
