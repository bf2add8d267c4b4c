import { readFile } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { parse } from "yaml"
import { alerts } from "../ready-made/alerts.js"
import { dashboard } from "../ready-made/dashboard.js"
import { files, readMade } from "../ready-made/write.js"
import { createMetrics, metricDefinitions } from "../src/index.js"
import { Exposition, type Sample } from "./exposition.js"
import { selectorsOf } from "./promql.js"
import { TwoWorkers } from "./two-workers.js"

/** What Prometheus itself adds to every series of a target. */
const OF_THE_TARGET = ["job", "instance"]

let run: TwoWorkers
let samples: readonly Sample[]

beforeAll(async () => {
  run = await TwoWorkers.run()
  const { requestEnded, text } = createMetrics()
  requestEnded({ method: "POST", route: "/ingest/:event_type", status: 202, durationMs: 1 })
  const server = new Exposition(await text())
  samples = [...run.pages.flatMap((page) => page.samples), ...server.samples]
})

afterAll(() => run?.stop())

const panels = dashboard.panels as { title: string; targets?: { expr: string; legendFormat: string }[] }[]
const graphs = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ what: `graph ${title}`, query: expr, legend: legendFormat })),
)
const rules = alerts.map(({ alert, expr, annotations: { description } }) => ({
  what: `alert ${alert}`,
  query: expr,
  legend: description,
}))
const queries = [...graphs, ...rules].map((one) => ({ ...one, query: one.query.replaceAll("$__rate_interval", "5m") }))

test.each(queries)("$what: its query is PromQL that a scrape of two workers and a server answers", ({ query }) => {
  for (const { metric, labels } of selectorsOf(query)) {
    const series = samples.filter(({ name }) => name === metric)
    expect(series, metric).not.toHaveLength(0)
    const own = labels.filter((label) => !OF_THE_TARGET.includes(label))
    for (const label of own)
      expect(
        series.every((sample) => label in sample.labels),
        label,
      ).toBe(true)
  }
})

test.each(queries)("$what: its text names only labels that the query keeps", ({ query, legend }) => {
  const named = [...legend.matchAll(/\{\{ ?(?:\$labels\.)?([a-z_]+) ?\}\}/g)].map(([, name]) => name)
  const kept = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => (list as string).split(", "))
  // What is not aggregated keeps all labels.
  const all = kept.length === 0 ? OF_THE_TARGET : kept
  for (const name of named) expect(all).toContain(name)
})

test("no metric is left without a graph", () => {
  const shown = new Set(
    graphs.flatMap(({ query }) => selectorsOf(query.replaceAll("$__rate_interval", "5m"))).map(({ metric }) => metric),
  )
  const bare = [...shown].map((name) => name.replace(/_(bucket|sum|count)$/, ""))
  for (const { name } of Object.values(metricDefinitions)) expect(bare).toContain(name)
})

test("a query with a mistake is noticed", () => {
  expect(() => selectorsOf("sum by (x (rate(fabra_events_processed_total[5m]))")).toThrow("not understood")
  expect(selectorsOf('max by (a) (x{b="1"}) / sum(rate(y[5m]))')).toEqual([
    { metric: "x", labels: ["b", "a"] },
    { metric: "y", labels: [] },
  ])
})

test("every alert is explained in the guide for operators, where its link leads", async () => {
  const guide = await readFile(new URL("../../../docs/operations.md", import.meta.url), "utf8")
  for (const { alert, annotations } of alerts) {
    expect(guide).toContain(`\n### ${alert}\n`)
    expect(annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`)
  }
})

test.each(Object.keys(files) as (keyof typeof files)[])("%s is what it would be if written now", async (name) => {
  expect(await readMade(name), "npm run ready-made, in packages/metrics").toBe(files[name])
})

test("the rules are YAML that says the same", async () => {
  expect(parse(await readMade("prometheus-alerts.yml"))).toEqual({ groups: [{ name: "fabra", rules: alerts }] })
})
