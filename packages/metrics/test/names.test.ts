import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { createMetrics, type MetricDefinition, metricDefinitions } from "../src/index.js"
import { Exposition } from "./exposition.js"

// The rules of `promtool check metrics`,
// https://github.com/prometheus/client_golang/tree/main/prometheus/testutil/promlint/validations
const UNITS = ["seconds", "bytes", "ratio", "celsius", "meters", "grams", "joules", "volts", "amperes"]
const NOT_BASE = [
  "milliseconds",
  "microseconds",
  "minutes",
  "hours",
  "days",
  "kilobytes",
  "megabytes",
  "bits",
  "percent",
]
const ABBREVIATED = ["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "m", "h", "d"]
const TYPES = ["gauge", "counter", "summary", "histogram", "metric", "info"]

const all: readonly MetricDefinition[] = Object.values(metricDefinitions)

test.each(all)("$name is named as Prometheus asks", ({ name, type, help, labels }) => {
  expect(name).toMatch(/^fabra_[a-z]+(_[a-z]+)*$/)
  expect(help).toMatch(/^[A-Z1].*\.?$/)
  expect(name.endsWith("_total")).toBe(type === "counter")
  const words = name.split("_")
  for (const word of words) expect([...NOT_BASE, ...ABBREVIATED, ...TYPES]).not.toContain(word)
  expect(name).not.toMatch(/_(bucket|sum|count)$/)
  for (const unit of UNITS) if (words.includes(unit)) expect(name).toMatch(new RegExp(`_${unit}(_total)?$`))
  for (const label of labels) {
    expect(label).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(["le", "quantile", "job", "instance"]).not.toContain(label)
  }
})

test("no two metrics share a name, and the seed's have the names they have there", () => {
  const names = all.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(
    expect.arrayContaining([
      "fabra_events_processed_total",
      "fabra_events_failed_total",
      "fabra_event_processing_seconds",
    ]),
  )
})

test("a page of metrics has exactly these, as defined", async () => {
  const bus = { lag: async () => [], deadLetters: { stats: async () => ({ count: 0, oldestAt: null }) } }
  const { families } = new Exposition(await createMetrics({ bus: bus as never }).text())
  const ours = families.filter(({ name }) => name.startsWith("fabra_"))
  const sort = (list: readonly { name: string }[]) => list.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  expect(sort(ours)).toEqual(sort(all.map(({ name, type, help }) => ({ name, type, help }))))
})

test("each is in the README, with its labels", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8")
  for (const { name, labels } of all) {
    expect(readme).toContain(labels.length === 0 ? `\`${name}\`` : `\`${name}{${labels.join(", ")}}\``)
  }
})
