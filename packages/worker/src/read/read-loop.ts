import type { PartitionBatch, Subscription } from "@fabra/events/adapter"
import type { WorkerContext } from "../context.js"
import type { Pass } from "../partition/overflow.js"
import type { Processor } from "../process/processor.js"
import type { Intake } from "./intake.js"
import { inParts } from "./parts.js"
import { Signal } from "./signal.js"

/** How many batches one read asks for: a round trip costs the same, however little it brings. */
const READ_BATCHES = 5
/** Most events for which several batches are read at once. */
const READ_EVENTS = 1_000

/** A read under way. */
interface Reading {
  readonly batches: Promise<PartitionBatch[]>
  /** How many callers of {@link ReadLoop.idle} were waiting when it began. */
  readonly waiting: number
  /** Whether all that had been read before was settled when it began. */
  readonly beganSettled: boolean
  /** The passes in which partitions were being read when it began. */
  readonly passes: ReadonlyMap<number, Pass>
}

/** Reads a subscription as there is room for it, and knows when nothing is left. */
export class ReadLoop {
  readonly #context: WorkerContext
  readonly #intake: Intake
  readonly #processor: Processor
  readonly #progressed = new Signal()
  /** Ends the read under way; used again as long as it has not. */
  #wakeRead = new AbortController()
  /** The read under way when a batch is worked on. */
  #reading: Reading | undefined
  #idle: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []

  constructor(context: WorkerContext, intake: Intake, processor: Processor) {
    this.#context = context
    this.#intake = intake
    this.#processor = processor
  }

  /** Reads until it is told to stop, and then {@link wake}d. @throws what reading throws */
  async run(subscription: Subscription, stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) await this.#readOnce(subscription, stopping)
  }

  /** Resolves when every event that can be seen, of those published before the call, is settled; see {@link giveUp}. */
  idle(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#idle.push({ resolve, reject })
      this.wake()
    })
  }

  /** Rejects what {@link idle} has promised. */
  giveUp(error: Error): void {
    for (const { reject } of this.#idle.splice(0)) reject(error)
  }

  /** Events were settled: there may be room for more. */
  progressed(): void {
    this.#progressed.notify()
  }

  /** Ends what it waits for. */
  wake(): void {
    this.#wakeRead.abort()
    this.#progressed.notify()
  }

  /** One read is under way while a batch of the one before is computed and another is committed. */
  async #readOnce(subscription: Subscription, stopping: AbortSignal): Promise<void> {
    const { batchSize } = this.#context.settings
    if (this.#reading === undefined && !(await this.#hasRoom(stopping))) return
    const reading = this.#reading ?? this.#startReading(subscription, !this.#hasUnsettled())
    this.#reading = undefined
    const { waiting, passes } = reading
    const batches = await reading.batches
    const read = batches.reduce((sum, { records }) => sum + records.length, 0)
    if (read > 0) this.#context.observer.read(read)
    const parts = inParts(this.#intake.screen(batches, passes, subscription), batchSize)
    for (const [i, part] of parts.entries()) {
      if (i > 0 && !(await this.#hasRoom(stopping))) return
      const isLast = i === parts.length - 1
      if (isLast && this.#processor.backlog + part.records <= 2 * batchSize)
        this.#reading = this.#startReading(subscription, false)
      // Timers and sockets run first, whatever the bus does meanwhile, and the next read is sent before the work begins.
      await new Promise(setImmediate)
      for (const batch of part.batches) this.#intake.accept(batch, passes.get(batch.partition), subscription)
      this.#processor.pump()
    }
    if (read > 0) return // even if lanes have deferred all of it: it is read again
    if (waiting > 0 && this.#hasUnsettled()) await this.#progressed.wait()
    // An earlier read may have made this one seek, which is why it is empty.
    else if (waiting > 0 && reading.beganSettled && this.#intake.isIn(passes))
      for (const { resolve } of this.#idle.splice(0, waiting)) resolve()
  }

  /** Waits until there is room for another batch; false when the worker stops meanwhile. */
  async #hasRoom(stopping: AbortSignal): Promise<boolean> {
    while (this.#processor.backlog >= 2 * this.#context.settings.batchSize) {
      await this.#progressed.wait()
      if (stopping.aborted) return false
    }
    return true
  }

  #startReading(subscription: Subscription, beganSettled: boolean): Reading {
    const { batchSize, pollIntervalMs } = this.#context.settings
    const maxEvents = Math.max(batchSize, Math.min(READ_BATCHES * batchSize, READ_EVENTS))
    const waiting = this.#idle.length
    const maxWaitMs = waiting > 0 ? 0 : pollIntervalMs
    if (this.#wakeRead.signal.aborted) this.#wakeRead = new AbortController()
    const batches = subscription.read({ maxEvents, maxWaitMs, signal: this.#wakeRead.signal })
    batches.catch(() => {}) // a worker that stops does not await it
    return { batches, waiting, beganSettled, passes: this.#intake.passes() }
  }

  #hasUnsettled(): boolean {
    for (const { isBusy } of this.#context.sessions.values()) if (isBusy) return true
    return false
  }
}
