import type { CommitResult, EntityRecord } from "@fabra/core/adapter"
import type { WorkerContext } from "../context.js"
import type { Lane } from "../lane/lane.js"
import type { Lanes } from "../lane/lanes.js"
import { RecordCache } from "../lane/record-cache.js"
import type { PartitionSession } from "../partition/partition-session.js"
import { LiveRecord } from "../record/live-record.js"
import { type Places, placesOf } from "../record/record-values.js"
import { Turns } from "./turns.js"

/** Records of shared entities are kept while fewer commits than this share meet conflicts, of about so many. */
const MAX_CONTENTION = 0.1
const CONTENTION_OVER = 50

/** Gives lanes the records of their entities: each has its own, those of one shared entity hand it on. */
export class LaneRecords {
  readonly #context: WorkerContext
  readonly #lanes: Lanes
  readonly #cache: RecordCache
  readonly #turns: Turns
  readonly #places = new Map<string, Places>()
  /** Which share of the latest commits to shared entities has met a conflict, about. */
  #contention = 0

  constructor(context: WorkerContext, lanes: Lanes) {
    this.#context = context
    this.#lanes = lanes
    this.#turns = new Turns(context.store.registry)
    this.#cache = new RecordCache(lanes, (lane) => this.#turns.forgetKeeper(lane))
  }

  /** Whether the lane may be worked on now; a lane of a shared entity goes on with the record that another lane has kept. */
  take(lane: Lane): boolean {
    if (!this.#turns.isShared(lane)) return true
    if (!this.#turns.take(lane)) return false
    const keeper = this.#turns.keeperFor(lane)
    return keeper === undefined || this.#handOver(keeper, lane)
  }

  /** A lane is done for now. Returns the lane whose turn it is, where the entity is shared and another lane waits. */
  pass(lane: Lane): Lane | undefined {
    if (!this.#turns.isShared(lane)) return undefined
    // Where other workers change the entity too, the record is stale by the next time.
    const keeps = lane.record !== undefined && this.#contention < MAX_CONTENTION
    const next = this.#turns.pass(lane, keeps)
    if (!keeps) this.#cache.delete(lane)
    return next
  }

  /** A record was loaded; false when that ends the lane's session. */
  loaded(lane: Lane, loaded: EntityRecord): boolean {
    const { partition } = lane.session
    const places = this.#placesOf(lane.key.entityType)
    return this.#adopt(lane, new LiveRecord(loaded, partition, places, this.#turns.isShared(lane)))
  }

  /** The lane's change was applied or not. */
  committed(lane: Lane, { status }: CommitResult): void {
    if (this.#turns.isShared(lane)) {
      this.#contention += (Number(status === "conflict") - this.#contention) / CONTENTION_OVER
    }
    // It is stale (a conflict) or in doubt (rule R8): it must be loaded again.
    if (status === "applied") this.#cache.used(lane)
    else this.#cache.delete(lane)
  }

  /** The lane ends. */
  delete(lane: Lane): void {
    this.#cache.delete(lane)
  }

  /** A session has ended. Returns the lanes of others that have waited for its lanes. */
  forget(session: PartitionSession): Lane[] {
    return this.#turns.forget(session)
  }

  /** Gives the record of one lane to another lane of the entity. */
  #handOver(from: Lane, to: Lane): boolean {
    const { record } = from
    this.#cache.delete(from)
    this.#turns.forgetKeeper(from)
    if (from.state === "idle") this.#lanes.forget(from)
    if (record === undefined) return true
    record.rebind(from.session.partition, to.session.partition)
    return this.#adopt(to, record)
  }

  /** Gives the lane its record, unless the cache has lost what the session had seen settled (rule R2). */
  #adopt(lane: Lane, record: LiveRecord): boolean {
    const { session } = lane
    const seen = session.lastSeen(lane.key) ?? ""
    // What the stored checkpoint covers can not be lost, but may have been removed.
    if (seen > (session.start.position ?? "") && record.mark.mark < seen) {
      this.#context.rolledBack(session, "lost")
      return false
    }
    session.epochs.add(record.epoch)
    this.#cache.set(lane, record)
    return true
  }

  #placesOf(entityType: string): Places {
    const known = this.#places.get(entityType)
    if (known !== undefined) return known
    const places = placesOf(this.#context.store.registry, entityType)
    this.#places.set(entityType, places)
    return places
  }
}
