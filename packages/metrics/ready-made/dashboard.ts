import { names, Queries } from "./queries.js"

/** One graph: what it shows, of which queries, in which unit of Grafana's. */
interface Graph {
  readonly title: string
  readonly unit: string
  readonly queries: readonly { readonly expr: string; readonly legend: string }[]
  readonly description?: string
}

const PER_ROW = 3
const WIDTH = 24 / PER_ROW
const HEIGHT = 8
const q = new Queries({ range: "$__rate_interval", matchers: 'job=~"$job"' })

const rows: readonly { readonly title: string; readonly graphs: readonly Graph[] }[] = [
  {
    title: "Are features fresh?",
    graphs: [
      {
        title: "Bus to feature",
        description: "From the moment the bus accepted an event to its commit.",
        unit: "s",
        queries: [0.5, 0.95, 0.99].map((quantile) => ({
          expr: q.quantile(quantile, names.featureFreshness),
          legend: `p${quantile * 100}`,
        })),
      },
      graph("Oldest unsettled event", "s", q.told(names.lagSeconds, "group, partition"), "{{group}} {{partition}}"),
      graph("Events behind", "short", `sum by (group) (${q.told(names.lagEvents, "group, partition")})`, "{{group}}"),
    ],
  },
  {
    title: "What is processed",
    graphs: [
      graph("Events", "ops", q.rate(names.eventsProcessed, "event_type"), "{{event_type}}"),
      graph("Events that failed", "ops", q.rate(names.eventsFailed, "event_type"), "{{event_type}}"),
      {
        title: "Reading to commit",
        unit: "s",
        queries: [0.5, 0.99].map((quantile) => ({
          expr: q.quantile(quantile, names.eventProcessing),
          legend: `p${quantile * 100}`,
        })),
      },
      graph("Failed tries by feature", "ops", q.rate(names.featureFailures, "feature"), "{{feature}}"),
      graph("Retries by feature", "ops", q.rate(names.featureRetries, "feature"), "{{feature}}"),
      graph("Late events by feature", "ops", q.rate(names.eventsLate, "feature"), "{{feature}}"),
      graph("Entities that wait", "short", `sum by (instance) (${q.now(names.lanesBlocked)})`, "{{instance}}"),
    ],
  },
  {
    title: "Dead letters",
    graphs: [
      graph("In the queue", "short", q.told(names.queueEntries, ""), "entries"),
      graph("Age of the oldest", "s", q.told(names.queueAge, ""), "age"),
      graph("Written", "ops", q.rate(names.deadLetters, "reason"), "{{reason}}"),
    ],
  },
  {
    title: "Workers",
    graphs: [
      graph("Partitions owned", "short", `sum by (instance) (${q.now(names.partitionsOwned)})`, "{{instance}}"),
      graph("Partitions without a worker", "short", q.told(names.partitionsUnowned, "group"), "{{group}}"),
      graph("Events in quarantine", "short", q.told(names.quarantined, "group"), "{{group}}"),
      graph("Held by its worker for, newest", "s", `min by (group) (${q.now(names.ownedSeconds)})`, "{{group}}"),
      graph("Partitions that changed hands", "ops", q.rate(names.rebalances, "change"), "{{change}}"),
      graph("Events of one read", "short", q.mean(names.readBatch), "mean"),
      graph("Events read again", "ops", q.rate(names.eventsRepeated), "repeated"),
      graph("CPU", "percentunit", q.rate("process_cpu_seconds_total", "instance"), "{{instance}}"),
      graph("Memory", "bytes", q.now("process_resident_memory_bytes"), "{{instance}}"),
      graph("Event loop, p99", "s", q.now("nodejs_eventloop_lag_p99_seconds"), "{{instance}}"),
    ],
  },
  {
    title: "On schedule",
    graphs: [
      graph("Runs", "ops", q.rate(`${names.scheduleRuns}_count`, "feature, outcome"), "{{feature}} {{outcome}}"),
      graph("Run, p95", "s", q.quantile(0.95, names.scheduleRuns, "feature"), "{{feature}}"),
      graph("Entities", "ops", q.rate(names.scheduledEntities, "feature, result"), "{{feature}} {{result}}"),
    ],
  },
  {
    title: "Cache and bus",
    graphs: [
      graph("Commits", "ops", q.rate(names.commits, "result"), "{{result}}"),
      graph("Cache calls, p99", "s", q.quantile(0.99, names.cacheCalls, "operation"), "{{operation}}"),
      graph("Bus calls, p99", "s", q.quantile(0.99, names.busCalls, "operation"), "{{operation}}"),
      {
        title: "Calls without an answer",
        unit: "ops",
        queries: [
          { expr: q.rate(names.cacheFailures, "operation"), legend: "cache {{operation}}" },
          { expr: q.rate(names.busFailures, "operation"), legend: "bus {{operation}}" },
        ],
      },
      graph("Entities removed", "ops", q.rate(names.recordsRemoved, "entity_type"), "{{entity_type}}"),
      graph("Errors nobody caught", "ops", q.rate(names.errorsUncaught, "feature"), "{{feature}}"),
      graph("Read again for lost commits", "ops", q.rate(names.rollbacks, "cause"), "{{cause}}"),
      graph("Bus answers", "short", q.now(names.busUp), "{{instance}}"),
      graph("Replicas of the bus", "short", q.told(names.busReplicas, "server"), "{{server}}"),
      graph("Reads that wait for a replica", "short", q.told(names.busWaits, "server"), "{{server}}"),
      graph("Memory of the bus", "bytes", q.told(names.busMemory, "server"), "{{server}}"),
      graph("Its limit (0: none)", "bytes", q.told(names.busMemoryLimit, "server"), "{{server}}"),
    ],
  },
  {
    title: "HTTP",
    graphs: [
      graph("Requests", "reqps", q.rate(`${names.httpRequests}_count`, "route, status"), "{{route}} {{status}}"),
      graph("Duration, p99", "s", q.quantile(0.99, names.httpRequests, "route"), "{{route}}"),
    ],
  },
  {
    title: "Embeddings",
    graphs: [
      graph("Texts", "ops", q.rate(names.embeddingTexts), "texts"),
      graph("Tokens", "ops", q.rate(names.embeddingTokens), "tokens"),
      {
        title: "Calls",
        unit: "ops",
        queries: [
          { expr: q.rate(`${names.embeddingCalls}_count`), legend: "all" },
          { expr: q.rate(names.embeddingFailures), legend: "failed" },
        ],
      },
      graph("Call, p99", "s", q.quantile(0.99, names.embeddingCalls), "p99"),
    ],
  },
]

function graph(title: string, unit: string, expr: string, legend: string): Graph {
  return { title, unit, queries: [{ expr, legend }] }
}

const datasource = { type: "prometheus", uid: "$datasource" }

/** The dashboard as Grafana imports it. */
export const dashboard = {
  title: "Fabra",
  uid: "fabra",
  schemaVersion: 39,
  version: 1,
  editable: true,
  tags: ["fabra"],
  time: { from: "now-1h", to: "now" },
  refresh: "30s",
  templating: {
    list: [
      { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
      {
        name: "job",
        label: "Job",
        type: "query",
        datasource,
        refresh: 2,
        query: `label_values(${names.partitionsOwned}, job)`,
        multi: true,
        includeAll: true,
        allValue: ".+",
      },
    ],
  },
  panels: layOut(),
}

function layOut(): object[] {
  const panels: object[] = []
  let y = 0
  for (const { title, graphs } of rows) {
    panels.push({ id: panels.length + 1, type: "row", title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 } })
    y++
    for (const [i, one] of graphs.entries()) {
      const gridPos = { x: (i % PER_ROW) * WIDTH, y: y + Math.floor(i / PER_ROW) * HEIGHT, w: WIDTH, h: HEIGHT }
      panels.push({ id: panels.length + 1, gridPos, ...toPanel(one) })
    }
    y += Math.ceil(graphs.length / PER_ROW) * HEIGHT
  }
  return panels
}

function toPanel({ title, unit, queries, description }: Graph): object {
  return {
    type: "timeseries",
    title,
    description,
    datasource,
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: "never" } }, overrides: [] },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    targets: queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + i),
      datasource,
      expr,
      legendFormat: legend,
    })),
  }
}
