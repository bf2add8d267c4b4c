import type { Figures } from "../figures.js"
import type { Spread } from "../lib/rounds.js"
import { ratios } from "../ratios.js"
import type { RequestName } from "../suites/serving.js"

/** Every table of a run, as Markdown. */
export function allTables(figures: Figures): string {
  const tables = [ratioTable, throughputTable, latencyTable, publishingTable, servingTable, growthTable].map((make) =>
    make(figures),
  )
  return tables.filter((table) => table !== "").join("\n\n")
}

export function ratioTable(figures: Figures): string {
  const known = ratios
    .map((ratio) => ({ ...ratio, value: ratio.of(figures) }))
    .filter(({ value }) => !Number.isNaN(value))
  return table(
    ["ratio", "measured", "aim"],
    known.map(({ title, value, limit, atMost }) => [title, value.toFixed(2), `${atMost ? "≤" : "≥"} ${limit}`]),
  )
}

export function throughputTable({ throughput }: Figures): string {
  return table(
    ["contender", "placement", "events/s", "Node µs/event", "Redis µs/event", "wrong entities"],
    throughput.map(({ title, placement, eventsPerSecond, nodeUs, redisUs, wrongEntities }) => [
      title,
      placement,
      spread(eventsPerSecond, 0),
      spread(nodeUs, 1),
      redisUs === null ? "–" : spread(redisUs, 1),
      wrongEntities === null ? "–" : String(wrongEntities),
    ]),
  )
}

export function latencyTable({ latency }: Figures): string {
  return table(
    ["contender", "load asked for", "load brought", "p50 ms", "p99 ms", "max ms"],
    latency.map(({ title, rate, published, p50, p99, max }) => [
      title,
      `${grouped(rate)}/s`,
      `${grouped(published)}/s`,
      ...[p50, p99, max].map((ms) => ms.toFixed(2)),
    ]),
  )
}

export function publishingTable({ publishing }: Figures): string {
  return table(
    ["publisher", "mode", "events/s", "Node µs/event", "Redis µs/event"],
    publishing.map(({ title, mode, eventsPerSecond, nodeUs, redisUs }) => [
      title,
      mode.replaceAll("_", " "),
      spread(eventsPerSecond, 0),
      spread(nodeUs, 1),
      spread(redisUs, 1),
    ]),
  )
}

export function servingTable({ serving }: Figures): string {
  const requests: Readonly<Record<RequestName, string>> = {
    get: "GET 10 features of one entity",
    post_rows: "POST 10 features of 100 entities",
    ingest: "POST one event",
  }
  return table(
    ["server", "request", "requests/s", "p99 ms"],
    serving.map(({ title, request, requestsPerSecond, p99 }) => [
      title,
      requests[request],
      spread(requestsPerSecond, 0),
      p99.toFixed(0),
    ]),
  )
}

export function growthTable({ growth }: Figures): string {
  return table(
    ["what grows", "to", "events/s", "peak memory of the worker, MiB", "wrong entities"],
    growth.map(({ what, value, eventsPerSecond, peakBytes, wrongEntities }) => [
      what.replaceAll("_", " "),
      grouped(value),
      grouped(eventsPerSecond),
      grouped(peakBytes / 2 ** 20),
      String(wrongEntities),
    ]),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ""
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n")
}

/** `12,345 (11,000..13,000)`, without the range when there is none. */
function spread({ median, min, max }: Spread, digits: number): string {
  const [middle, low, high] = [median, min, max].map((value) => grouped(value, digits))
  return min === max ? `${middle}` : `${middle} (${low}..${high})`
}

function grouped(value: number, digits = 0): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits })
}
