import type { AxiomEvent, Position } from "@fabra/events"
import {
  type BusRecord,
  decodeEvent,
  errorTexts,
  type NewDeadLetter,
  type PartitionBatch,
  type Subscription,
} from "@fabra/events/adapter"
import type { WorkerContext } from "../context.js"
import { type Lane, newItem } from "../lane/lane.js"
import type { Pass } from "../partition/overflow.js"
import type { PartitionSession } from "../partition/partition-session.js"
import type { ReadBatch } from "../partition/progress.js"
import { bury } from "../process/bury.js"
import type { Processor } from "../process/processor.js"
import { ReadAhead } from "./read-ahead.js"
import { Routes } from "./routes.js"

/** How many batches may wait behind a retry of one entity; later events are deferred until its lane has room. */
const LANE_BATCHES = 2

/** Puts each record that was read into the lanes of the entities it concerns, as far as they have room. */
export class Intake {
  readonly #context: WorkerContext
  readonly #processor: Processor
  readonly #routes: Routes
  readonly #readAhead: ReadAhead

  constructor(context: WorkerContext, processor: Processor) {
    this.#context = context
    this.#processor = processor
    this.#routes = new Routes(context.store.registry, context.settings.group)
    this.#readAhead = new ReadAhead(context.sessions)
  }

  /** The pass in which each partition is being read. */
  passes(): Map<number, Pass> {
    const passes = new Map<number, Pass>()
    this.#context.sessions.forEach(({ overflow }, partition) => {
      passes.set(partition, overflow.pass)
    })
    return passes
  }

  /** Whether the same partitions are still being read in the same passes. */
  isIn(passes: ReadonlyMap<number, Pass>): boolean {
    const { sessions } = this.#context
    if (passes.size !== sessions.size) return false
    for (const [partition, { overflow }] of sessions) if (overflow.pass !== passes.get(partition)) return false
    return true
  }

  /** Events were settled: partitions that were full may be read on. */
  release(): void {
    const { subscription } = this.#context
    if (subscription !== undefined) this.#readAhead.release(subscription)
  }

  /**
   * Keeps the batches whose session and pass go on. A pass that began after this read did, maybe after its answer came, has
   * its cursor set to where it begins: before the next read starts, so that the next read belongs to the new pass.
   * @param passes those in which partitions were being read when the read began
   */
  screen(
    batches: readonly PartitionBatch[],
    passes: ReadonlyMap<number, Pass>,
    subscription: Subscription,
  ): PartitionBatch[] {
    return batches.filter(({ partition }) => {
      const session = this.#context.sessions.get(partition)
      if (session === undefined) return false
      if (session.overflow.pass === passes.get(partition)) return true
      subscription.seek(partition, session.overflow.pass.after || session.start.position)
      return false
    })
  }

  /**
   * Accepts what was read, unless its session or pass is over by now; the next one has its own cursor.
   * @param pass the one of {@link passes} before the read began
   */
  accept({ partition, records }: PartitionBatch, pass: Pass | undefined, subscription: Subscription): void {
    const session = this.#context.sessions.get(partition)
    if (session === undefined || session.overflow.pass !== pass) return
    const readAt = this.#context.settings.clock.now()
    const fresh = records.filter(({ position }) => position > session.readTo)
    for (const record of records.slice(0, records.length - fresh.length)) this.#route(session, record, readAt)
    const last = fresh.at(-1)
    if (last !== undefined) {
      const batch: ReadBatch = { end: last.position, records: fresh.length, pending: 0 }
      session.progress.add(batch)
      for (const record of fresh) this.#route(session, record, readAt, batch)
      if (batch.pending === 0) session.progress.advance()
      session.readTo = last.position
    }
    this.#readAhead.hold(session, subscription)
  }

  /** @param batch of a record that is read for the first time, not again for a lane that has deferred it */
  #route(session: PartitionSession, record: BusRecord, readAt: number, batch?: ReadBatch): void {
    let event: AxiomEvent
    try {
      event = decodeEvent(record.data, Number.POSITIVE_INFINITY)
    } catch (error) {
      if (batch === undefined) return
      batch.pending++
      session.accept(record)
      this.#buryUnreadable(session, batch, record, error).catch(this.#context.failed)
      return
    }
    const { lanes } = this.#processor
    for (const route of this.#routes.for(event)) {
      const { entityType, entityId = event.entityId } = route
      const lane = batch ? lanes.open(session, entityType, entityId) : lanes.find(session, entityType, entityId)
      const itsBatch = lane && this.#admit(lane, record.position, batch)
      if (lane === undefined || itsBatch === undefined) continue
      const quarantine = record.position <= session.quarantineUntil ? "ask" : undefined
      this.#processor.enqueue(lane, newItem({ lane, event, record, batch: itsBatch, route, readAt, quarantine }))
    }
  }

  /** The batch of a record that the lane accepts now; `undefined` when it defers it, or has it. */
  #admit(lane: Lane, position: Position, batch: ReadBatch | undefined): ReadBatch | undefined {
    const { overflow, progress } = lane.session
    const limit = LANE_BATCHES * this.#context.settings.batchSize
    if (batch === undefined) return overflow.accepts(lane, position, limit) ? progress.batchOf(position) : undefined
    batch.pending++
    return overflow.defers(lane, limit) ? undefined : batch
  }

  /** A lane is empty that has deferred records: they are read again. */
  readAgain(lane: Lane): void {
    const after = lane.session.overflow.rereadAfter(lane)
    if (after !== undefined) this.#context.subscription?.seek(lane.session.partition, after)
  }

  /** A record that cannot be decoded belongs to no entity: it is settled by its dead letter alone. */
  async #buryUnreadable(session: PartitionSession, batch: ReadBatch, record: BusRecord, error: unknown): Promise<void> {
    const { group, clock } = this.#context.settings
    const now = clock.now()
    const letter: NewDeadLetter = {
      group,
      partition: session.partition,
      position: record.position,
      data: record.data,
      features: [],
      reason: "invalid_event",
      error: errorTexts(error),
      attempts: 0,
      firstFailedAt: now,
      lastFailedAt: now,
    }
    await bury(this.#context, [letter], session.signal)
    if (session.active) session.settle({ batch, record })
    this.#context.progressed()
  }
}
