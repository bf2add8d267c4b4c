import type { FeatureStore } from "@fabra/core"
import { replayAll } from "@fabra/events"
import { createMetrics, type Metrics } from "@fabra/metrics"
import { type AxiomWorker, FeatureOwners } from "@fabra/worker"
import { type LoadedFeatures, LoadFailure, loadFeatures } from "../features/features-file.js"
import { show } from "../features/user-code.js"
import { AppliedReporter } from "../feed/applied-reporter.js"
import type { Connections } from "../project/connections.js"
import { count } from "../terminal/output.js"
import { surviveDangling } from "../terminal/uncaught.js"
import { createWorker } from "../worker/create-worker.js"
import type { WorkerSettings } from "../worker/settings.js"
import { DevServer } from "./dev-server.js"
import type { Screen } from "./screen.js"
import { FileWatch } from "./watch-files.js"

/** Everything in one process: API, worker and data. A features file that changes is loaded anew, and computes all events again. */
export class DevProcess implements AsyncDisposable {
  readonly #connections: Connections
  readonly #settings: WorkerSettings
  readonly #screen: Screen
  readonly #metrics: Metrics
  readonly #server: DevServer
  readonly #watch: FileWatch
  #features: LoadedFeatures
  #running: { readonly worker: AxiomWorker; readonly reporter: AppliedReporter } | undefined
  #work: Promise<void> = Promise.resolve()
  #unobserve: () => void = () => {}
  #failed: (error: unknown) => void = () => {}
  /** Rejects when the worker cannot go on. */
  readonly failed = new Promise<never>((_, reject) => {
    this.#failed = reject
  })

  constructor(features: LoadedFeatures, connections: Connections, settings: WorkerSettings, screen: Screen) {
    this.#features = features
    this.#connections = connections
    this.#settings = settings
    this.#screen = screen
    const { bus, cache, feed } = connections
    this.#metrics = createMetrics({ bus, group: settings.group })
    this.#server = new DevServer({
      bus,
      cache,
      feed,
      group: settings.group,
      logger: screen.logger,
      metrics: this.#metrics,
    })
    this.#watch = new FileWatch(() => {
      this.#work = this.#work.then(() => this.#reload()).catch(this.#failed)
    })
    this.failed.catch(() => {})
  }

  /** @returns the address of the API */
  async start(port: number): Promise<string> {
    const { store, files } = this.#features
    this.#unobserve = surviveDangling({ logger: this.#screen.logger, metrics: this.#metrics })
    await this.#connections.connect(store, this.#metrics)
    await this.#server.serve(store)
    this.#startWorker(store)
    this.#watch.set(files)
    return await this.#server.listen(port)
  }

  /** Finishes what was begun. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch.close()
    await this.#work
    await this.#server.close()
    await this.#stopWorker()
    this.#unobserve()
  }

  async #reload(): Promise<void> {
    const file = show(this.#features.file)
    let next: LoadedFeatures
    try {
      next = await loadFeatures(this.#features.file)
      await this.#connections.connect(next.store, this.#metrics)
    } catch (error) {
      // What mends it may be in a file that only the broken version knows.
      if (error instanceof LoadFailure) this.#watch.set([...new Set([...this.#features.files, ...error.files])])
      const { message } = error as Error
      return this.#screen.line("broken", { file, message }, `error: ${message} (What was loaded before goes on.)`)
    }
    if (next.store === this.#features.store) {
      const text = `${file} changed, but Node keeps plain JavaScript as first loaded: start \`fabra dev\` again.`
      return this.#screen.line("kept", { file }, text)
    }
    await this.#server.serve(next.store)
    await this.#stopWorker()
    const replayed = await this.#startAgain(next.store)
    this.#startWorker(next.store, replayed === undefined ? undefined : Date.now())
    this.#features = next
    this.#watch.set(next.files)
    this.#screen.line(
      "loaded",
      { file, replayed: replayed ?? null },
      `${file} changed: loaded anew, ${whatOf(replayed)}.`,
    )
    if (replayed === undefined) await this.#tryAgain()
  }

  /**
   * Every value is to be what the code that was saved makes of all events: of one that is new or has changed nobody could
   * say else which events it counts. Features on schedule keep their values until their next run.
   * @returns how many events are computed again; `undefined` when it cannot be done
   */
  async #startAgain({ registry, cache }: FeatureStore): Promise<number | undefined> {
    const scheduled = [...registry.features.values()].filter(({ computedBy }) => computedBy === "schedule")
    const { group } = this.#settings
    const replayed = this.#connections.startAgain?.(group, new Set(scheduled.map(({ name }) => name)))
    if (replayed !== undefined) await new FeatureOwners(cache).release(group)
    return replayed
  }

  /** What the code before has failed for good is for the new code to try. */
  async #tryAgain(): Promise<void> {
    const outcomes = await replayAll(this.#connections.bus.deadLetters)
    const replayed = outcomes.filter(({ status }) => status === "replayed").length
    if (replayed === 0) return
    const letters = `${count(replayed, "dead letter")} ${replayed === 1 ? "is" : "are"}`
    this.#screen.line("replayed", { replayed }, `${letters} tried again.`)
  }

  /** @param since what is applied of events before is not shown once more */
  #startWorker(store: FeatureStore, since?: number): void {
    const reporter = new AppliedReporter(this.#connections.feed, store, since)
    const { logger } = this.#screen
    const telemetry = [reporter, this.#screen, this.#metrics.telemetry]
    const worker = createWorker(store, this.#connections, this.#settings, { logger, telemetry })
    worker.run().catch(this.#failed)
    this.#running = { worker, reporter }
  }

  async #stopWorker(): Promise<void> {
    await this.#running?.worker.stop()
    this.#running?.reporter.stop()
  }
}

function whatOf(replayed: number | undefined): string {
  return replayed === undefined
    ? "the data stayed; what is new counts from now, as the first events are gone or something was removed"
    : `${count(replayed, "event")} replayed`
}
