import type { Histogram, Registry } from "prom-client"
import type { MetricDefinition } from "./definitions.js"

/**
 * A histogram without labels for what happens with every event: prom-client's own looks its labels up anew each time,
 * which costs as much as applying a tenth of an event; this one costs a hundredth.
 */
export class FastHistogram {
  readonly type = "histogram"
  readonly aggregator = "sum"
  readonly name: string
  readonly help: string
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor({ name, help, buckets }: Required<MetricDefinition>, registry: Registry) {
    this.name = name
    this.help = help
    this.#bounds = buckets
    this.#counts = Array.from({ length: buckets.length + 1 }, () => 0)
    // A registry asks no more of its metrics than what there is here.
    registry.registerMetric(this as unknown as Histogram)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let i = 0
    while (i < bounds.length && value > (bounds[i] as number)) i++
    ;(this.#counts[i] as number)++
    this.#sum += value
  }

  reset(): void {
    this.#counts.fill(0)
    this.#sum = 0
  }

  async get() {
    const { name, help, type, aggregator } = this
    const values: { metricName: string; labels: object; value: number }[] = []
    let count = 0
    for (const [i, le] of [...this.#bounds, "+Inf"].entries()) {
      count += this.#counts[i] as number
      values.push({ metricName: `${name}_bucket`, labels: { le }, value: count })
    }
    values.push({ metricName: `${name}_sum`, labels: {}, value: this.#sum })
    values.push({ metricName: `${name}_count`, labels: {}, value: count })
    return { name, help, type, aggregator, values }
  }
}
