import { type FeatureStore, withTimeout } from "@fabra/core"
import { type Assignment, type EventBus, FabraError, type Subscription, sleep } from "@fabra/events"
import { Sweeper } from "./ageing/sweeper.js"
import { Caution } from "./lane/caution.js"
import { Processor } from "./lane/processor.js"
import { LossWarnings } from "./observe/loss-warnings.js"
import { Observer } from "./observe/observer.js"
import { startWatchdog } from "./observe/watchdog.js"
import { Checkpoints, TICK_MS } from "./partition/checkpoints.js"
import { PartitionRun } from "./partition/partition-run.js"
import { Intake } from "./read/intake.js"
import { ReadLoop } from "./read/read-loop.js"
import { Routes } from "./read/routes.js"
import { retryDelay } from "./retry.js"
import { Scheduler } from "./schedule/scheduler.js"
import { resolveSettings, type Settings, type WorkerOptions } from "./settings.js"
import { sourceOf } from "./source.js"

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
  readonly #reads: ReadLoop
  readonly #checkpoints: Checkpoints
  readonly #scheduler: Scheduler
  readonly #sweeper: Sweeper
  readonly #runs = new Map<number, PartitionRun>()
  readonly #stopping = new AbortController()
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
    this.#reads = new ReadLoop(settings, this.#runs, this.#intake, this.#processor, this.#observer)
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
    this.#reads.wake()
    await this.#running?.catch(() => {}) // whoever called run() is told
  }

  /**
   * Resolves when every event that this worker can see, of those published before the call, is settled.
   * @throws FabraError `invalid_argument` when the worker does not run, or stops meanwhile
   */
  idle(): Promise<void> {
    if (this.#running === undefined || this.#stopping.signal.aborted) return Promise.reject(notRunning())
    return this.#reads.idle()
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
      await this.#reads.run(subscription, this.#stopping.signal)
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
      this.#reads.giveUp(notRunning())
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

  #onProgress(): void {
    if (this.#subscription !== undefined) this.#intake.release(this.#subscription)
    this.#reads.progressed()
  }

  async #keepCheckpoints(subscription: Subscription, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#settings.clock, TICK_MS, signal)
      if (signal.aborted) return
      await this.#checkpoints.tick(this.#runs.values(), subscription)
    }
  }

  #assigned({ partition, checkpoint, quarantineUntil }: Assignment): void {
    this.#runs.set(partition, new PartitionRun(partition, { position: checkpoint, records: 0 }, quarantineUntil))
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
    const { partition, start, quarantineUntil } = run
    this.#observer.rolledBack(partition)
    this.#processor.drop(run)
    this.#runs.set(partition, new PartitionRun(partition, start, quarantineUntil))
    this.#subscription?.seek(partition, start.position)
    this.#subscription?.resume(partition)
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#stopping.abort()
    this.#reads.wake()
  }
}

function notRunning(): FabraError {
  return new FabraError("invalid_argument", "The worker is not running.")
}
