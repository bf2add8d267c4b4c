import { type CommitResult, type EntityRecord, newToken } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import type { Compute } from "../compute/compute.js"
import type { WorkerContext } from "../context.js"
import { type Item, type Lane, NO_ITEMS } from "../lane/lane.js"
import { Lanes } from "../lane/lanes.js"
import type { PartitionSession } from "../partition/partition-session.js"
import { Draft } from "../record/draft.js"
import type { LiveRecord } from "../record/live-record.js"
import { retryDelay } from "../retry.js"
import { bury } from "./bury.js"
import { publishForwards } from "./forward.js"
import { LaneRecords } from "./lane-records.js"
import { Quarantine } from "./quarantine.js"

/** Most records in one call that loads. */
const MAX_LOAD = 500
/**
 * Most in one that commits: those of a batch of the default size fit. Of 500 the text of some 160 KB, made of thousands of
 * pieces, took as long to join and to write as all the rest.
 */
const MAX_COMMIT = 100

/** So many conflicts in a row cost an entity no wait: a direct write now and then is nothing unusual. */
const MAX_CONFLICTS_AT_ONCE = 3
/** People are told of every so many. */
const CONFLICTS_TO_TELL = 10

/**
 * Takes events through their lanes: load the record, compute, commit, settle. Lanes that are ready together share round
 * trips; synchronous handlers cost no promise; nothing of one entity ever overlaps.
 */
export class Processor {
  /** Items that are being worked on or could be: all but those behind a retry. */
  backlog = 0
  readonly lanes = new Lanes()
  readonly #context: WorkerContext
  readonly #compute: Compute
  readonly #quarantine: Quarantine
  readonly #records: LaneRecords
  readonly #tokenPrefix = newToken()
  #tokens = 0
  #ready: Lane[] = []
  #toCommit: Lane[] = []

  constructor(context: WorkerContext, compute: Compute) {
    this.#context = context
    this.#compute = compute
    this.#records = new LaneRecords(context, this.lanes)
    this.#quarantine = new Quarantine(context, (lanes) => {
      for (const lane of lanes) this.#unpark(lane)
      this.pump()
    })
  }

  /** Puts an event in line; {@link pump} starts the work. */
  enqueue(lane: Lane, item: Item): void {
    // A list that is made by its first push is given room for seventeen.
    if (lane.items.length === 0) lane.items = [item]
    else lane.items.push(item)
    lane.session.accept(item.record)
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
        if (!lane.session.active || !this.#records.take(lane)) continue
        lane.state = "busy"
        if (lane.record === undefined) missing.push(lane)
        else this.#step(lane, lane.record)
      }
    }
    for (let i = 0; i < missing.length; i += MAX_LOAD) this.#guard(this.#load(missing.slice(i, i + MAX_LOAD)))
  }

  /** Ends a session: forgets its lanes, and with them the records that were loaded for it. */
  drop(session: PartitionSession): void {
    for (const lane of this.lanes.drop(session)) {
      if (lane.state === "waiting") this.#context.observer.freed(lane)
      else this.backlog -= lane.items.length
      this.#records.delete(lane)
      lane.timer?.cancel()
    }
    session.end()
    for (const lane of this.#records.forget(session)) this.#resume(lane)
    this.#quarantine.forget(session)
    this.#context.progressed()
  }

  async #load(lanes: readonly Lane[]): Promise<void> {
    const { cache, observer, settings } = this.#context
    let records: readonly EntityRecord[]
    try {
      const keys = lanes.map(({ key }) => key)
      records = await observer.time("cache", "load", cache.load(keys, settings.group))
    } catch (error) {
      for (const lane of lanes) this.#retryOutage(lane, error)
      return
    }
    for (const [i, lane] of lanes.entries()) {
      if (!lane.session.active || !this.#records.loaded(lane, records[i] as EntityRecord)) continue
      this.#step(lane, lane.record as LiveRecord)
    }
    this.pump()
  }

  /** The lane is done for now: of a shared entity another lane has its turn. */
  #passTurn(lane: Lane): void {
    const next = this.#records.pass(lane)
    if (next !== undefined) this.#resume(next)
  }

  /** It is the lane's turn. */
  #resume(lane: Lane): void {
    this.#ready.push(lane)
    queueMicrotask(() => this.pump())
  }

  #step(lane: Lane, record: LiveRecord): void {
    const draft = new Draft(record, lane.session.partition)
    lane.draft = draft
    const waiting = this.#compute.step(lane)
    if (waiting === undefined) this.#computed(lane, draft)
    else this.#guard(waiting.then(() => this.#computed(lane, draft)).then(() => this.pump()))
  }

  #computed(lane: Lane, draft: Draft): void {
    if (!lane.session.active) return
    if (!draft.dirty) this.#finish(lane)
    else if (draft.deadLetters.length + draft.forwards.length > 0) this.#guard(this.#bury(lane, draft))
    else this.#commitSoon(lane)
  }

  /** Dead letters are durable before the commit that passes over their events (rule R5), and so is what is forwarded. */
  async #bury(lane: Lane, draft: Draft): Promise<void> {
    await bury(this.#context, draft.deadLetters, lane.session.signal)
    await publishForwards(this.#context, draft.forwards, lane.session.signal)
    if (lane.session.active) this.#commitSoon(lane)
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
    const lanes = this.#toCommit.filter(({ session }) => session.active)
    this.#toCommit = []
    if (lanes.length > 0) this.#guard(this.#commit(lanes))
  }

  async #commit(lanes: readonly Lane[]): Promise<void> {
    const { cache, observer, settings } = this.#context
    const changes = lanes.map(({ key, draft }) => (draft as Draft).toChange(key, settings.group, this.#nextToken()))
    const results = await observer.timeCommit(lanes, cache.commit(changes))
    for (const [i, lane] of lanes.entries()) {
      if (lane.session.active) this.#committed(lane, results[i] as CommitResult)
    }
    this.pump()
  }

  #committed(lane: Lane, result: CommitResult): void {
    const draft = lane.draft as Draft
    this.#records.committed(lane, result)
    if (result.status === "applied") {
      draft.confirm(result.version, result.epoch)
      lane.session.epochs.add(result.epoch)
      this.#finish(lane)
      return
    }
    // The record is loaded again; what is settled is skipped, the rest computed anew.
    this.#passTurn(lane)
    if (result.status === "conflict") this.#retryConflict(lane)
    else this.#retryOutage(lane, result.error)
  }

  /** The draft is committed, or there was nothing to commit. */
  #finish(lane: Lane): void {
    const { session } = lane
    lane.outages = 0
    lane.conflicts = 0
    lane.draft = undefined
    const { items, settles } = lane
    lane.items = settles === items.length ? NO_ITEMS : items.slice(settles)
    this.backlog -= settles
    for (let i = 0; i < settles; i++) {
      const item = items[i] as Item
      if (item.quarantine !== undefined) this.#quarantine.leave(item)
      session.settle(item)
      this.#context.observer.applied(item)
    }
    this.#passTurn(lane)
    if (lane.retry !== undefined) this.#wait(lane, lane.retry.inMs)
    else if (lane.asks) this.#enterQuarantine(lane)
    else if (lane.items.length > 0) this.#makeReady(lane)
    else {
      lane.state = "idle"
      if (lane.record === undefined) this.lanes.forget(lane)
      if (session.overflow.has(lane)) this.#context.emptied(lane)
    }
    this.#context.progressed()
  }

  #enterQuarantine(lane: Lane): void {
    this.#park(lane)
    this.#quarantine.enter(lane)
  }

  #makeReady(lane: Lane): void {
    lane.state = "ready"
    this.#ready.push(lane)
  }

  /**
   * One that others have changed is computed anew at once; when that happens again and again, after a while each time, so
   * that two handlers which write to each other's entity do not keep each other, and everything else, from going on.
   */
  #retryConflict(lane: Lane): void {
    const waits = ++lane.conflicts - MAX_CONFLICTS_AT_ONCE
    if (waits <= 0) {
      this.#makeReady(lane)
      return
    }
    if (waits % CONFLICTS_TO_TELL === 0) this.#context.observer.contended(lane.key, lane.conflicts)
    this.#wait(lane, retryDelay(this.#context.settings, waits))
  }

  #retryOutage(lane: Lane, error: unknown): void {
    if (!lane.session.active) return
    this.#passTurn(lane)
    this.#context.observer.outage("The cache does not answer; trying again.", error)
    lane.outages++
    this.#wait(lane, retryDelay(this.#context.settings, lane.outages))
  }

  #wait(lane: Lane, ms: number): void {
    this.#park(lane)
    this.#quarantine.pause(lane)
    lane.timer = this.#context.settings.clock.setTimer(() => {
      lane.timer = undefined
      this.#unpark(lane)
      this.pump()
    }, ms)
    this.#context.progressed()
  }

  #park(lane: Lane): void {
    lane.state = "waiting"
    this.backlog -= lane.items.length
    this.#context.observer.blocked(lane)
  }

  #unpark(lane: Lane): void {
    this.backlog += lane.items.length
    this.#context.observer.freed(lane)
    this.#makeReady(lane)
  }

  #nextToken(): string {
    return [this.#tokenPrefix, (this.#tokens++).toString(36)].join("")
  }

  #guard(work: Promise<void>): void {
    work.catch((error) => this.#context.failed(FabraError.from(error)))
  }
}
