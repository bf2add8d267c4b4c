import { type MetricDefinition, metricDefinitions } from "../src/index.js"

// PromQL, put together from the metrics' definitions: a name or label that is changed there cannot be forgotten here.

/** Names of metrics by what they count. */
export const names = Object.fromEntries(
  Object.entries<MetricDefinition>(metricDefinitions).map(([key, { name }]) => [key, name]),
) as { readonly [Key in keyof typeof metricDefinitions]: string }

/** How a page of PromQL selects: over which time rates are taken, and of which jobs. */
export interface Selection {
  /** `5m`, or a variable of Grafana's. */
  readonly range: string
  /** Further matchers of every metric, as `job=~"$job"`. */
  readonly matchers: string
}

/** Writes PromQL for one selection. */
export class Queries {
  readonly #range: string
  readonly #matchers: string

  constructor({ range, matchers }: Selection) {
    this.#range = range
    this.#matchers = matchers
  }

  /** The metric's series now. @param matchers as `change="lost"` */
  now(metric: string, matchers = ""): string {
    const all = [this.#matchers, matchers].filter((one) => one !== "").join(", ")
    return all === "" ? metric : `${metric}{${all}}`
  }

  /** By how much a second it grows, all processes together. @param by labels to keep */
  rate(metric: string, by = "", matchers = ""): string {
    return `${sum(by)} (rate(${this.now(metric, matchers)}[${this.#range}]))`
  }

  /** By how much it has grown over the range. */
  increase(metric: string, by = "", matchers = ""): string {
    return `${sum(by)} (increase(${this.now(metric, matchers)}[${this.#range}]))`
  }

  /** A quantile of a histogram, in its unit. */
  quantile(quantile: number, metric: string, by = ""): string {
    return `histogram_quantile(${quantile}, ${this.rate(`${metric}_bucket`, by === "" ? "le" : `le, ${by}`)})`
  }

  /** The mean of a histogram's values. */
  mean(metric: string): string {
    return `${this.rate(`${metric}_sum`)} / ${this.rate(`${metric}_count`)}`
  }

  /** What share of one rate another is; nothing while nothing happens. */
  share(part: string, whole: string): string {
    return `${part} / (${whole} > 0)`
  }

  /** What every process that asks the bus is told alike. */
  told(metric: string, by: string): string {
    return `${by === "" ? "max" : `max by (${by})`} (${this.now(metric)})`
  }
}

function sum(by: string): string {
  return by === "" ? "sum" : `sum by (${by})`
}
