import { type FeatureStore, withTimeout } from "@fabra/core"
import {
  type Assignment,
  type EventBus,
  FabraError,
  type PartitionBatch,
  type Subscription,
  sleep,
} from "@fabra/events"
import { Caution } from "./caution.js"
import { Checkpoints, TICK_MS } from "./checkpoints.js"
import { Intake } from "./intake.js"
import { LossWarnings } from "./loss-warnings.js"
import { Observer } from "./observer.js"
import type { Pass } from "./overflow.js"
import { PartitionRun } from "./partition-run.js"
import { inParts } from "./parts.js"
import { Processor } from "./processor.js"
import { retryDelay } from "./retry.js"
import { Routes } from "./routes.js"
import { Scheduler } from "./scheduler.js"
import { resolveSettings, type Settings, type WorkerOptions } from "./settings.js"
import { Signal } from "./signal.js"
import { sourceOf } from "./source.js"
import { Sweeper } from "./sweeper.js"
import { startWatchdog } from "./watchdog.js"

/** So many batches are read at once from a backlog: a round trip costs the same, however little it brings. */
const READ_BATCHES = 5
/** Most events for which several batches are read at once. */
const READ_EVENTS = 1_000

/** A read under way. */
interface Reading {
  readonly batches: Promise<PartitionBatch[]>
  /** How many had asked to be told of the end when it began. */
  readonly asking: number
  /** Whether all that had been read before was settled when it began. */
  readonly beganSettled: boolean
  /** The passes in which partitions were being read when it began. */
  readonly passes: ReadonlyMap<number, Pass>
}

/**
 * Consumes a bus, computes the features that its events trigger, and commits them exactly once in effect.
 *
 * @example
 * const worker = new AxiomWorker(store, { bus, cache })
 * const running = worker.run() // resolves once stopped
 * process.once("SIGTERM", () => worker.stop())
 * await running
 */
export class AxiomWorker implements AsyncDisposable {
  readonly #bus: EventBus
  readonly #settings: Settings
  readonly #observer: Observer
  readonly #lossWarnings: LossWarnings
  readonly #processor: Processor
  readonly #intake: Intake
  readonly #checkpoints: Checkpoints
  readonly #scheduler: Scheduler
  readonly #sweeper: Sweeper
  readonly #runs = new Map<number, PartitionRun>()
  readonly #progressed = new Signal()
  readonly #stopping = new AbortController()
  #wakeRead = new AbortController()
  /** The read under way when a batch is worked on. */
  #reading: Reading | undefined
  #idle: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  #subscription: Subscription | undefined
  #failure: unknown
  #running: Promise<void> | undefined

  /**
   * @throws FabraError `invalid_setting`, `invalid_name`; `invalid_argument` when the store has another cache,
   *   `invalid_setting` also when a feature is SQL and the store has no offline store
   */
  constructor(store: FeatureStore, options: WorkerOptions) {
    if (options.cache !== undefined) store.connect({ cache: options.cache })
    const { cache } = store
    const settings = resolveSettings(options)
    const { clock } = settings
    this.#bus = options.bus
    this.#settings = settings
    this.#observer = new Observer(settings)
    this.#lossWarnings = new LossWarnings(options.bus, cache, settings, this.#observer)
    const env = {
      registry: store.registry,
      offline: store.offline,
      group: settings.group,
      source: sourceOf(options.bus),
      haltsEntities: settings.onDeadLetter === "halt-entity",
      futureEvents: settings.futureEvents,
      maxCrashes: settings.maxCrashes,
      now: () => clock.now(),
      withTimeout: (promise: Promise<unknown>, ms: number, feature: string) => withTimeout(clock, promise, ms, feature),
      retryDelay: (attempts: number) => retryDelay(settings, attempts),
      onFailure: this.#observer.failed.bind(this.#observer),
      onLate: this.#observer.late,
      runHandler: this.#observer.runHandler,
    }
    const caution = new Caution(
      settings,
      this.#observer,
      () => this.#subscription,
      (error) => this.#fail(error),
    )
    this.#processor = new Processor(cache, options.bus.deadLetters, settings, env, this.#observer, caution, {
      progressed: () => this.#onProgress(),
      emptied: (lane) => this.#intake.readAgain(lane, this.#subscription),
      rolledBack: (run) => this.#restart(run),
      failed: (error) => this.#fail(error),
    })
    this.#intake = new Intake(this.#runs, new Routes(store.registry, settings.group), this.#processor, {
      settings,
      deadLetters: options.bus.deadLetters,
      observer: this.#observer,
      progressed: () => this.#onProgress(),
      failed: (error) => this.#fail(error),
    })
    const trailMs = settings.trailMs ?? cache.capabilities.rollbackWindowMs
    this.#scheduler = new Scheduler(store, settings, this.#observer)
    const [observer, leads] = [this.#observer, () => this.#runs.has(0)]
    this.#sweeper = new Sweeper(store, options.bus, { settings, observer, leads })
    this.#checkpoints = new Checkpoints(cache, trailMs, this.#observer, (run) => this.#restart(run))
  }

  /**
   * Works until {@link stop} is called. Waits out a bus or cache that does not answer.
   * @throws FabraError when going on makes no sense: `partition_mismatch`, `bus_closed`, `internal`
   */
  run(): Promise<void> {
    if (this.#running !== undefined) throw new FabraError("invalid_argument", "A worker is run once; make a new one.")
    this.#running = this.#run()
    return this.#running
  }

  /**
   * Finishes what has been read, for `drainMs` at most, lets others take over and resolves. What could not be finished is
   * read again by whoever comes next. Safe to call at any time, also more than once.
   */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#running?.catch(() => {}) // whoever called run() is told
  }

  /**
   * Resolves when every event that this worker can see, of those published before the call, is settled.
   * @throws FabraError `invalid_argument` when the worker does not run, or stops meanwhile
   */
  idle(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#running === undefined || this.#stopping.signal.aborted) return reject(notRunning())
      this.#idle.push({ resolve, reject })
      this.#wake()
    })
  }

  /** Resolves when this worker is in the middle of no run of a schedule. */
  schedulesIdle(): Promise<void> {
    return this.#scheduler.idle()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #run(): Promise<void> {
    const ticking = new AbortController()
    const { watchdogMs } = this.#settings
    const watchdog = watchdogMs === undefined ? undefined : startWatchdog(watchdogMs)
    let ticks: Promise<void> | undefined
    let scheduling: Promise<void> | undefined
    let sweeping: Promise<void> | undefined
    try {
      const subscription = await this.#subscribe()
      if (subscription === undefined) return
      this.#subscription = subscription
      ticks = this.#keepCheckpoints(subscription, ticking.signal)
      scheduling = this.#scheduler.run(this.#stopping.signal)
      sweeping = this.#sweeper.run(this.#stopping.signal)
      sweeping.catch((error) => this.#fail(error))
      this.#lossWarnings.ask(this.#stopping.signal).catch((error) => this.#fail(error))
      while (!this.#stopping.signal.aborted) await this.#readOnce(subscription)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#stopping.abort()
      await this.#subscription?.close()
      // What is not done by then others take over when the lease has run out.
      await Promise.race([
        Promise.all([scheduling, sweeping]),
        sleep(this.#settings.clock, this.#settings.drainMs, ticking.signal),
      ])
      ticking.abort()
      await ticks
      await watchdog?.stop()
      for (const { reject } of this.#idle.splice(0)) reject(notRunning())
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async #subscribe(): Promise<Subscription | undefined> {
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt++) {
      try {
        const { group, consumer, leaseMs } = this.#settings
        return await this.#bus.subscribe({
          group,
          consumer,
          leaseMs,
          onAssigned: (assignment) => this.#assigned(assignment),
          onRevoked: (partition) => this.#revoked(partition),
          onLost: (partition) => this.#release(partition, true),
          onNotice: (notice) => this.#lossWarnings.ofBus(notice),
        })
      } catch (error) {
        if (FabraError.from(error).code !== "bus_unavailable") throw error
        this.#observer.outage("The bus does not answer; trying again.", error)
        await sleep(this.#settings.clock, retryDelay(this.#settings, attempt), this.#stopping.signal)
      }
    }
    return undefined
  }

  /** One read is under way while a batch of the one before is computed and another is committed. */
  async #readOnce(subscription: Subscription): Promise<void> {
    const { batchSize } = this.#settings
    if (this.#reading === undefined && !(await this.#hasRoom())) return
    const reading = this.#reading ?? this.#startReading(subscription, !this.#hasUnsettled())
    this.#reading = undefined
    const { asking, passes } = reading
    const batches = await reading.batches
    const read = batches.reduce((sum, { records }) => sum + records.length, 0)
    if (read > 0) this.#observer.read(read)
    const parts = inParts(this.#intake.screen(batches, passes, subscription), batchSize)
    for (const [i, part] of parts.entries()) {
      if (i > 0 && !(await this.#hasRoom())) return
      const isLast = i === parts.length - 1
      if (isLast && this.#processor.backlog + part.records <= 2 * batchSize)
        this.#reading = this.#startReading(subscription, false)
      // Timers and sockets have their turn, whatever the bus is made of; and the read leaves before we begin to work.
      await new Promise(setImmediate)
      for (const batch of part.batches) this.#intake.accept(batch, passes.get(batch.partition), subscription)
      this.#processor.pump()
    }
    if (read > 0) return // even if all of it was put aside: it is read again
    if (asking > 0 && this.#hasUnsettled()) await this.#progressed.wait()
    // What was read before may have made this one seek, and then it has brought nothing.
    else if (asking > 0 && reading.beganSettled && this.#intake.isIn(passes))
      for (const { resolve } of this.#idle.splice(0, asking)) resolve()
  }

  /** Waits until there is room for another batch; false when the worker stops meanwhile. */
  async #hasRoom(): Promise<boolean> {
    while (this.#processor.backlog >= 2 * this.#settings.batchSize) {
      await this.#progressed.wait()
      if (this.#stopping.signal.aborted) return false
    }
    return true
  }

  #startReading(subscription: Subscription, beganSettled: boolean): Reading {
    const { batchSize, pollIntervalMs } = this.#settings
    const maxEvents = Math.max(batchSize, Math.min(READ_BATCHES * batchSize, READ_EVENTS))
    const asking = this.#idle.length
    const maxWaitMs = asking > 0 ? 0 : pollIntervalMs
    this.#wakeRead = new AbortController()
    const batches = subscription.read({ maxEvents, maxWaitMs, signal: this.#wakeRead.signal })
    batches.catch(() => {}) // whoever awaits it is told; a worker that stops does not
    return { batches, asking, beganSettled, passes: this.#intake.passes() }
  }

  #hasUnsettled(): boolean {
    for (const { isBusy } of this.#runs.values()) if (isBusy) return true
    return false
  }

  #onProgress(): void {
    if (this.#subscription !== undefined) this.#intake.release(this.#subscription)
    this.#progressed.notify()
  }

  async #keepCheckpoints(subscription: Subscription, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#settings.clock, TICK_MS, signal)
      if (signal.aborted) return
      await this.#checkpoints.tick(this.#runs.values(), subscription)
    }
  }

  #assigned({ partition, checkpoint, cautiousUntil }: Assignment): void {
    this.#runs.set(partition, new PartitionRun(partition, { position: checkpoint, records: 0 }, cautiousUntil))
    this.#observer.assigned(partition)
  }

  async #revoked(partition: number): Promise<void> {
    const run = this.#runs.get(partition)
    if (run === undefined) return
    if (this.#failure === undefined) {
      const enough = new AbortController()
      await Promise.race([run.drained(), sleep(this.#settings.clock, this.#settings.drainMs, enough.signal)])
      enough.abort()
      if (run.active && this.#subscription) await this.#checkpoints.store(run, this.#subscription)
    }
    this.#release(partition, false)
  }

  #release(partition: number, lost: boolean): void {
    const run = this.#runs.get(partition)
    if (run === undefined) return
    this.#runs.delete(partition)
    this.#processor.drop(run)
    this.#observer.released(partition, lost)
  }

  /** The cache is not what it was: forget all that was learnt of the partition and read it again (rules R2 to R4). */
  #restart(run: PartitionRun): void {
    if (this.#runs.get(run.partition) !== run) return
    const { partition, start, cautiousUntil } = run
    this.#observer.rolledBack(partition)
    this.#processor.drop(run)
    this.#runs.set(partition, new PartitionRun(partition, start, cautiousUntil))
    this.#subscription?.seek(partition, start.position)
    this.#subscription?.resume(partition)
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#stopping.abort()
    this.#wake()
  }

  #wake(): void {
    this.#wakeRead.abort()
    this.#progressed.notify()
  }
}

function notRunning(): FabraError {
  return new FabraError("invalid_argument", "The worker is not running.")
}
