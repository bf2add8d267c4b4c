import type { Embedder, FeatureStore, Telemetry } from "@fabra/core"
import type { EventBus } from "@fabra/events"
import { checkName } from "@fabra/events/adapter"
import { collectDefaultMetrics, Registry } from "prom-client"
import { addBusMetrics } from "./bus-metrics.js"
import { definitions } from "./definitions.js"
import { createEmbedderCounter } from "./embedding-metrics.js"
import { type MetricsEndpoint, openEndpoint } from "./endpoint.js"
import { createRequestObserver, type EndedRequest } from "./http-metrics.js"
import { makeCounter } from "./make.js"
import type { MetricsSnapshot } from "./process-sum.js"
import { createWorkerTelemetry } from "./worker-metrics.js"

/** Label of what no feature's handler left behind. */
const NO_FEATURE = "(none)"

/** Options of {@link createMetrics}. */
export interface MetricsOptions {
  /** Where the app has its own metrics. Default: a registry of our own, with those of Node and the process in it. */
  readonly registry?: Registry
  /** Asked for lag and dead letters at each scrape. Default: these are left out. */
  readonly bus?: EventBus | undefined
  /** Consumer group whose lag is told. Default `fabra_workers`. */
  readonly group?: string
  /**
   * Its event types begin at 0, and no other is ever a label. Default: those that workers tell of, which are those that
   * their store knows.
   */
  readonly store?: FeatureStore | undefined
}

/** Fabra's metrics of one process. */
export interface Metrics {
  /** For `new AxiomWorker(store, { telemetry })`; several workers may share it. */
  readonly telemetry: Telemetry
  /** What {@link text} is, for the header of that name. */
  readonly contentType: string
  /** All metrics of the registry in Prometheus' text format. Takes 2 seconds at most when the bus does not answer. */
  text(): Promise<string>
  /** The same for {@link ProcessSum} in another process. */
  snapshot(): Promise<MetricsSnapshot>
  /**
   * For processes that go on after an error which nobody caught: counts it.
   * @param feature whose handler left it behind, where that is known
   */
  errorUncaught(feature: string | undefined): void
  /** For HTTP servers: to be called after each request. */
  requestEnded(request: EndedRequest): void
  /** The embedder, its calls, texts and tokens being counted: to be used in its place. */
  countEmbedder(embedder: Embedder): Embedder
  /**
   * Serves `/metrics` in a process that has no HTTP server of its own. Port 0: any that is free.
   * @param host default `127.0.0.1`; `0.0.0.0` for a scraper on another machine. The page asks nobody who they are
   * @throws FabraError `invalid_setting` when the address cannot be used
   */
  serve(port: number, host?: string): Promise<MetricsEndpoint>
}

/**
 * Makes Fabra's metrics: counted by what is told to `telemetry` and `requestEnded`, and read from the bus when scraped.
 *
 * @example
 * const metrics = createMetrics({ bus, store })
 * const worker = new AxiomWorker(store, { bus, cache, telemetry: metrics.telemetry })
 * await metrics.serve(9464)
 * @throws FabraError `invalid_name`; Error when the registry has Fabra's metrics already
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { registry = ownRegistry(), bus, group = "fabra_workers", store } = options
  checkName("group", group)
  const telemetry = createWorkerTelemetry(registry, store)
  const requestEnded = createRequestObserver(registry)
  const countEmbedder = createEmbedderCounter(registry)
  const uncaught = makeCounter(definitions.errorsUncaught, registry, [{ feature: NO_FEATURE }])
  const errorUncaught = (feature = NO_FEATURE) => uncaught.inc({ feature })
  if (bus !== undefined) addBusMetrics(registry, bus, group)
  const { contentType } = registry
  const text = () => registry.metrics()
  const serve = (port: number, host = "127.0.0.1") => openEndpoint({ contentType, text }, port, host)
  const snapshot = () => registry.getMetricsAsJSON()
  return { telemetry, contentType, text, snapshot, errorUncaught, requestEnded, countEmbedder, serve }
}

function ownRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}
