import { Counter, Gauge, Histogram, type Registry } from "prom-client"
import type { MetricDefinition } from "./definitions.js"

/** Brings the numbers up to date before they are read. */
export type Collect<Metric> = (metric: Metric) => void | Promise<void>

/** @param zeros label values whose series begin at 0, so that the first increase is seen as one */
export function makeCounter(
  { name, help, labels }: MetricDefinition,
  registry: Registry,
  zeros: readonly Record<string, string>[] = [],
  collect?: Collect<Counter>,
): Counter {
  const counter = new Counter({ ...base(name, help, labels, registry), ...collecting(collect) })
  for (const zero of zeros) counter.inc(zero, 0)
  return counter
}

export function makeGauge(
  { name, help, labels }: MetricDefinition,
  registry: Registry,
  collect?: Collect<Gauge>,
): Gauge {
  return new Gauge({ ...base(name, help, labels, registry), ...collecting(collect) })
}

export function makeHistogram(
  { name, help, labels, buckets }: Required<MetricDefinition>,
  registry: Registry,
): Histogram {
  return new Histogram({ ...base(name, help, labels, registry), buckets: [...buckets] })
}

function base(name: string, help: string, labels: readonly string[], registry: Registry) {
  return { name, help, labelNames: [...labels], registers: [registry] }
}

function collecting<Metric>(collect: Collect<Metric> | undefined) {
  if (collect === undefined) return {}
  return {
    collect(this: Metric) {
      return collect(this)
    },
  }
}
