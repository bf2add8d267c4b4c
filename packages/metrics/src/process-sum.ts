import { AggregatorRegistry } from "prom-client"
import { type MetricsEndpoint, openEndpoint } from "./endpoint.js"

/** The longest that a page waits for one process. */
const DEADLINE_MS = 1000

/** What one process has counted, fit to be sent to another (with Node's `advanced` serialization: it may hold NaN). */
export type MetricsSnapshot = readonly { readonly name: string; readonly type: unknown }[]

/**
 * One page for several processes: what they counted is added up, averages are averaged. What a process had counted when
 * it was last asked stays in the sums when it has ended, since Prometheus would take a fall for a new beginning.
 */
export class ProcessSum {
  readonly #last = new Map<() => Promise<MetricsSnapshot>, MetricsSnapshot>()
  #ended: MetricsSnapshot = []

  /**
   * Adds a process.
   * @param ask gets its snapshot; when it does not answer within a second, the one before stands
   * @returns what to call when it has ended
   */
  add(ask: () => Promise<MetricsSnapshot>): () => Promise<void> {
    this.#last.set(ask, [])
    return async () => {
      const last = this.#last.get(ask) ?? []
      this.#last.delete(ask)
      const ended = [...this.#ended, ...last.filter(({ type }) => type === "counter" || type === "histogram")]
      // All at once is seen by nobody half done: a page that is asked for meanwhile has the parts.
      this.#ended = ended
      const sum = await AggregatorRegistry.aggregate([ended]).getMetricsAsJSON()
      if (this.#ended === ended) this.#ended = sum
    }
  }

  /** The page, in Prometheus' text format. */
  async text(): Promise<string> {
    await Promise.all([...this.#last.keys()].map((ask) => this.#read(ask)))
    return await AggregatorRegistry.aggregate([this.#ended, ...this.#last.values()]).metrics()
  }

  /** Serves it as `/metrics`, as `Metrics.serve` does. @throws FabraError `invalid_setting` */
  serve(port: number, host = "127.0.0.1"): Promise<MetricsEndpoint> {
    return openEndpoint(
      { contentType: AggregatorRegistry.PROMETHEUS_CONTENT_TYPE, text: () => this.text() },
      port,
      host,
    )
  }

  async #read(ask: () => Promise<MetricsSnapshot>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, DEADLINE_MS, undefined)
    })
    const snapshot = await Promise.race([ask().catch(() => undefined), late])
    clearTimeout(timer)
    if (snapshot !== undefined && this.#last.has(ask)) this.#last.set(ask, snapshot)
  }
}
