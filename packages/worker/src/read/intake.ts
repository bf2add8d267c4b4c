import {
  type AxiomEvent,
  type BusRecord,
  type DeadLetterQueue,
  decodeEvent,
  type PartitionBatch,
  type Position,
  type Subscription,
  sleep,
} from "@fabra/events"
import { describe } from "../compute/give-up.js"
import { newItem } from "../lane/item.js"
import type { Lane } from "../lane/lane.js"
import type { Processor } from "../lane/processor.js"
import type { Observer } from "../observe/observer.js"
import type { Pass } from "../partition/overflow.js"
import type { PartitionRun } from "../partition/partition-run.js"
import type { ReadBatch } from "../partition/progress.js"
import { retryDelay } from "../retry.js"
import type { Settings } from "../settings.js"
import { ReadAhead } from "./read-ahead.js"
import type { Routes } from "./routes.js"

/** So many times a batch may wait behind a retry of one entity; what comes then is read again when it has room. */
const LANE_BATCHES = 2

/** What the intake needs of its worker. */
export interface IntakeOwner {
  readonly settings: Settings
  readonly deadLetters: DeadLetterQueue
  readonly observer: Observer
  /** Something was settled. */
  progressed(): void
  /** A fault of our own: nothing may go on. */
  failed(error: unknown): void
}

/** Puts what is read into the lanes of its entities, as far as there is room. */
export class Intake {
  readonly #runs: ReadonlyMap<number, PartitionRun>
  readonly #routes: Routes
  readonly #processor: Processor
  readonly #owner: IntakeOwner
  readonly #readAhead: ReadAhead

  constructor(runs: ReadonlyMap<number, PartitionRun>, routes: Routes, processor: Processor, owner: IntakeOwner) {
    this.#runs = runs
    this.#routes = routes
    this.#processor = processor
    this.#owner = owner
    this.#readAhead = new ReadAhead(runs)
  }

  /** The pass in which each partition is being read. */
  passes(): Map<number, Pass> {
    const passes = new Map<number, Pass>()
    this.#runs.forEach(({ overflow }, partition) => {
      passes.set(partition, overflow.pass)
    })
    return passes
  }

  /** Whether the same partitions are still being read in the same passes. */
  isIn(passes: ReadonlyMap<number, Pass>): boolean {
    if (passes.size !== this.#runs.size) return false
    for (const [partition, { overflow }] of this.#runs) if (overflow.pass !== passes.get(partition)) return false
    return true
  }

  /** Something was settled: partitions that were full may be read on. */
  release(subscription: Subscription): void {
    this.#readAhead.release(subscription)
  }

  /**
   * Of what was read, what is for runs and passes that go on. One that began when this read was under way, maybe when it
   * had its answer already, is set to where it begins: before the next read starts, so that this one is of the same.
   * @param passes those in which partitions were being read when the read began
   */
  screen(
    batches: readonly PartitionBatch[],
    passes: ReadonlyMap<number, Pass>,
    subscription: Subscription,
  ): PartitionBatch[] {
    return batches.filter(({ partition }) => {
      const run = this.#runs.get(partition)
      if (run === undefined) return false
      if (run.overflow.pass === passes.get(partition)) return true
      subscription.seek(partition, run.overflow.pass.after || run.start.position)
      return false
    })
  }

  /**
   * Takes what was read, unless its run or pass is over by now; the next one has its own cursor.
   * @param pass the one of {@link passes} before the read began
   */
  accept({ partition, records }: PartitionBatch, pass: Pass | undefined, subscription: Subscription): void {
    const run = this.#runs.get(partition)
    if (run === undefined || run.overflow.pass !== pass) return
    const readAt = this.#owner.settings.clock.now()
    const fresh = records.filter(({ position }) => position > run.readTo)
    for (const record of records.slice(0, records.length - fresh.length)) this.#route(run, record, readAt)
    const last = fresh.at(-1)
    if (last !== undefined) {
      const batch: ReadBatch = { end: last.position, records: fresh.length, pending: 0 }
      run.progress.add(batch)
      for (const record of fresh) this.#route(run, record, readAt, batch)
      if (batch.pending === 0) run.progress.advance()
      run.readTo = last.position
    }
    this.#readAhead.hold(run, subscription)
  }

  /** @param batch of a record that is read for the first time, not again for a lane that has left it out */
  #route(run: PartitionRun, record: BusRecord, readAt: number, batch?: ReadBatch): void {
    let event: AxiomEvent
    try {
      event = decodeEvent(record.data, Number.POSITIVE_INFINITY)
    } catch (error) {
      if (batch === undefined) return
      batch.pending++
      run.take({ record })
      this.#buryUnreadable(run, batch, record, error).catch((fault) => this.#owner.failed(fault))
      return
    }
    for (const { entityType, handlers } of this.#routes.for(event)) {
      const lane = batch ? run.lane(entityType, event.entityId) : run.find(entityType, event.entityId)
      const itsBatch = lane && this.#admit(lane, record.position, batch)
      if (lane === undefined || itsBatch === undefined) continue
      const caution = record.position <= run.quarantineUntil ? "ask" : undefined
      this.#processor.enqueue(lane, newItem(lane, event, record, itsBatch, handlers, readAt, caution))
    }
  }

  /** The batch of a record that the lane takes now; `undefined` when it leaves it out, or has it. */
  #admit(lane: Lane, position: Position, batch: ReadBatch | undefined): ReadBatch | undefined {
    const { overflow, progress } = lane.run
    const limit = LANE_BATCHES * this.#owner.settings.batchSize
    if (batch === undefined) return overflow.takes(lane, position, limit) ? progress.batchOf(position) : undefined
    batch.pending++
    return overflow.leaves(lane, limit) ? undefined : batch
  }

  /** A lane is empty that has left out records: they are read again. */
  readAgain(lane: Lane, subscription: Subscription | undefined): void {
    const after = lane.run.overflow.again(lane)
    if (after !== undefined) subscription?.seek(lane.run.partition, after)
  }

  /** What cannot be read belongs to no entity: its dead letter is all there is to settle. */
  async #buryUnreadable(run: PartitionRun, batch: ReadBatch, record: BusRecord, error: unknown): Promise<void> {
    const { settings, deadLetters, observer } = this.#owner
    const { group, clock } = settings
    const { position, data } = record
    const now = clock.now()
    const letter = {
      ...{ group, partition: run.partition, position, data, features: [], reason: "invalid_event" as const },
      ...{ error: describe(error), attempts: 0, firstFailedAt: now, lastFailedAt: now },
    }
    for (let attempt = 1; run.active; attempt++) {
      try {
        await observer.time("bus", "append_dead_letter", deadLetters.append([letter]))
        observer.deadLettered(letter)
        if (run.active) run.settle({ batch, record })
        this.#owner.progressed()
        return
      } catch (outage) {
        observer.outage("The dead-letter queue does not answer; trying again.", outage)
        await sleep(clock, retryDelay(settings, attempt))
      }
    }
  }
}
