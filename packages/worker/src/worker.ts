import type { FeatureStore } from "@fabra/core"
import { busOf, sharedTriggers, withTimeout } from "@fabra/core/adapter"
import { type EventBus, FabraError } from "@fabra/events"
import { type Assignment, type Subscription, sleep } from "@fabra/events/adapter"
import { Sweeper } from "./ageing/sweeper.js"
import { Compute } from "./compute/compute.js"
import type { ComputeEnvironment } from "./compute/compute-environment.js"
import type { WorkerContext } from "./context.js"
import { LossWarnings } from "./observe/loss-warnings.js"
import { Observer } from "./observe/observer.js"
import { startWatchdog } from "./observe/watchdog.js"
import { FeatureOwners } from "./ownership/feature-owners.js"
import { Checkpoints, TICK_MS } from "./partition/checkpoints.js"
import { PartitionSession, type RollbackCause } from "./partition/partition-session.js"
import { Processor } from "./process/processor.js"
import { Intake } from "./read/intake.js"
import { ReadLoop } from "./read/read-loop.js"
import { retryDelay, untilAnswered } from "./retry.js"
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
  readonly #context: WorkerContext
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
  readonly #sessions = new Map<number, PartitionSession>()
  readonly #stopping = new AbortController()
  #subscription: Subscription | undefined
  #failure: unknown
  #running: Promise<void> | undefined

  /**
   * @throws FabraError `invalid_setting`, `invalid_name`; `invalid_argument` when neither the options nor the store name a
   *   bus, and when the store has another cache; `invalid_setting` also when a feature is SQL and the store has no offline store
   */
  constructor(store: FeatureStore, options: WorkerOptions = {}) {
    if (options.cache !== undefined) store.connect({ cache: options.cache })
    this.#bus = busOf(store, options.bus, "AxiomWorker")
    this.#settings = resolveSettings(options)
    this.#observer = new Observer(this.#settings)
    const context = this.#share(store)
    const compute = new Compute(computeEnvironment(context))
    this.#lossWarnings = new LossWarnings(context)
    this.#processor = new Processor(context, compute)
    this.#intake = new Intake(context, this.#processor)
    this.#reads = new ReadLoop(context, this.#intake, this.#processor)
    this.#scheduler = new Scheduler(context)
    this.#sweeper = new Sweeper(context)
    this.#checkpoints = new Checkpoints(context)
    this.#context = context
  }

  /**
   * Works until {@link stop} is called. Waits out a bus or cache that does not answer.
   * @throws FabraError when going on makes no sense: `feature_owned`, `partition_mismatch`, `superseded`, `bus_closed`,
   *   `internal`
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
    for (const shared of sharedTriggers(this.#context.store.registry)) this.#observer.sharedTrigger(shared)
    const ticking = new AbortController()
    const { watchdogMs } = this.#settings
    const watchdog = watchdogMs === undefined ? undefined : startWatchdog(watchdogMs)
    let ticks: Promise<void> | undefined
    let scheduling: Promise<void> | undefined
    let sweeping: Promise<void> | undefined
    try {
      await this.#claimFeatures()
      const subscription = await this.#subscribe()
      if (subscription === undefined) return
      this.#subscription = subscription
      // Once more: a hand-over begun since the first time may not have seen this member.
      await this.#claimFeatures()
      ticks = this.#keepCheckpoints(subscription, ticking.signal)
      scheduling = this.#scheduler.run(this.#stopping.signal)
      sweeping = this.#sweeper.run(this.#stopping.signal)
      sweeping.catch((error) => this.#fail(error))
      this.#lossWarnings.check(this.#stopping.signal).catch((error) => this.#fail(error))
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

  /** Before this worker is a member: one that may not compute its features must hold no partition. */
  async #claimFeatures(): Promise<void> {
    const { settings, store, cache } = this.#context
    const { group, clock } = settings
    const { features, eventTypes } = store.registry
    const computed = [...features.values()].filter(({ computedBy }) => computedBy === "events").map(({ name }) => name)
    // States too: their fields are named after them, whatever their features are called.
    const handled = eventTypes.flatMap((eventType) =>
      store.registry.handlersFor(eventType).map(({ feature }) => feature.name),
    )
    const isOutage = (error: unknown) => FabraError.from(error).code === "cache_unavailable"
    const added = await untilAnswered(this.#context, { target: "cache", signal: this.#stopping.signal, isOutage }, () =>
      new FeatureOwners(cache).claim(group, [...new Set([...computed, ...handled])], clock.now()),
    )
    const isNew = added?.filter((name) => features.has(name)) ?? []
    if (isNew.length > 0) this.#observer.newFeatures(isNew)
  }

  async #subscribe(): Promise<Subscription | undefined> {
    const { group, consumer, leaseMs } = this.#settings
    const isOutage = (error: unknown) => FabraError.from(error).code === "bus_unavailable"
    return await untilAnswered(this.#context, { target: "bus", signal: this.#stopping.signal, isOutage }, () =>
      this.#bus.subscribe({
        group,
        consumer,
        leaseMs,
        onAssigned: (assignment) => this.#assigned(assignment),
        onRevoked: (partition) => this.#revoked(partition),
        onLost: (partition) => this.#release(partition, true),
        onNotice: (notice) => this.#lossWarnings.ofBus(notice),
      }),
    )
  }

  /** What the parts get to know of each other, and what they tell. */
  #share(store: FeatureStore): WorkerContext {
    const subscription = () => this.#subscription
    return {
      settings: this.#settings,
      store,
      cache: store.cache,
      bus: this.#bus,
      observer: this.#observer,
      sessions: this.#sessions,
      get subscription() {
        return subscription()
      },
      progressed: () => {
        this.#intake.release()
        this.#reads.progressed()
      },
      emptied: (lane) => this.#intake.readAgain(lane),
      rolledBack: (session, cause) => this.#restart(session, cause),
      failed: (error) => this.#fail(error),
    }
  }

  async #keepCheckpoints(subscription: Subscription, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#settings.clock, TICK_MS, signal, "upkeep")
      if (signal.aborted) return
      await this.#checkpoints.tick(this.#sessions.values(), subscription)
    }
  }

  #assigned({ partition, checkpoint, quarantineUntil, takenFrom }: Assignment): void {
    this.#sessions.set(
      partition,
      new PartitionSession(partition, { position: checkpoint, records: 0 }, quarantineUntil),
    )
    this.#observer.assigned(partition)
    if (takenFrom !== undefined) this.#observer.takenOver(partition, takenFrom)
  }

  async #revoked(partition: number): Promise<void> {
    const session = this.#sessions.get(partition)
    if (session === undefined) return
    if (this.#failure === undefined) {
      const enough = new AbortController()
      await Promise.race([session.drained(), sleep(this.#settings.clock, this.#settings.drainMs, enough.signal)])
      enough.abort()
      if (session.active && this.#subscription) await this.#checkpoints.store(session, this.#subscription)
    }
    // Meanwhile the lease may have run out, and the partition have become ours again.
    if (this.#sessions.get(partition) === session) this.#release(partition, false)
  }

  #release(partition: number, lost: boolean): void {
    const session = this.#sessions.get(partition)
    if (session === undefined) return
    this.#sessions.delete(partition)
    this.#processor.drop(session)
    this.#observer.released(partition, lost)
  }

  /** The cache has lost commits, or may have: forget everything learnt of the partition and read it again (rules R2 to R4). */
  #restart(session: PartitionSession, cause: RollbackCause): void {
    if (this.#sessions.get(session.partition) !== session) return
    const { partition, start, quarantineUntil } = session
    this.#observer.rolledBack(partition, cause)
    this.#processor.drop(session)
    const again = new PartitionSession(partition, start, quarantineUntil)
    if (cause === "restart") again.confirmedTo = session.settledTo
    this.#sessions.set(partition, again)
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

function computeEnvironment({ store, settings, bus, observer }: WorkerContext): ComputeEnvironment {
  const { clock, group, onDeadLetter, futureEvents, maxCrashes } = settings
  return {
    registry: store.registry,
    offline: store.offline,
    group,
    source: sourceOf(bus),
    haltsEntities: onDeadLetter === "halt-entity",
    futureEvents,
    maxCrashes,
    now: () => clock.now(),
    withTimeout: (promise, ms, feature) => withTimeout(clock, promise, ms, feature),
    retryDelay: (attempts) => retryDelay(settings, attempts),
    onFailure: (attempt, error) => observer.failed(attempt, error),
    onLate: observer.late,
    runHandler: observer.runHandler,
  }
}
