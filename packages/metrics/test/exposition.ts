import parse from "parse-prometheus-text-format"

/** One line of a scrape. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A page of metrics, read by a parser of Prometheus' text format. */
export class Exposition {
  readonly families: readonly { readonly name: string; readonly type: string; readonly help: string }[]
  readonly samples: readonly Sample[]

  constructor(text: string) {
    this.families = parse(text).map(({ name, type, help }) => ({ name, type: type.toLowerCase(), help }))
    // Without types the parser leaves the series of a histogram as they are, each with its labels.
    const untyped = parse(text.replaceAll(/^#.*\n/gm, ""))
    this.samples = untyped.flatMap(({ name, metrics }) =>
      metrics.map(({ labels = {}, value }) => ({ name, labels, value: Number(value) })),
    )
  }

  /** The sum of all samples with this name that have these labels, maybe among others; `undefined` when there are none. */
  sum(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
  }

  /** The values that a label takes. */
  values(name: string, label: string): string[] {
    const found = this.samples.filter((sample) => sample.name === name).map(({ labels }) => labels[label] ?? "")
    return [...new Set(found)].sort()
  }
}

/** Scrapes an endpoint over HTTP. */
export async function scrape(url: string): Promise<Exposition> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`)
  return new Exposition(await response.text())
}
