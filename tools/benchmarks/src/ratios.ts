import type { Figures } from "./figures.js"
import { ratioOf, type Spread } from "./lib/rounds.js"
import type { PublishMode } from "./publish-modes.js"
import type { RequestName } from "./suites/serving.js"

/** A figure of a run that has to stay above, or below, a limit. */
export interface Ratio {
  readonly name: string
  readonly title: string
  readonly limit: number
  /** The limit is an upper one. */
  readonly atMost?: boolean
  /** Not a number when the run has not measured what it needs. */
  of(figures: Figures): number
}

export const ratios: readonly Ratio[] = [
  {
    name: "of_drain",
    title: "one worker on Redis, batch 500 ÷ ioredis only reading",
    limit: 0.4,
    of: (figures) => ratio(best(figures, "fabra_500"), best(figures, "ioredis_drain")),
  },
  {
    name: "vs_bullmq_50",
    title: "÷ BullMQ, concurrency 50 (it loses updates)",
    limit: 10,
    of: (figures) => ratio(best(figures, "fabra_500"), best(figures, "bullmq_50")),
  },
  {
    name: "vs_bullmq_1",
    title: "÷ BullMQ, concurrency 1",
    limit: 25,
    of: (figures) => ratio(best(figures, "fabra_500"), best(figures, "bullmq_1")),
  },
  {
    name: "vs_naive",
    title: "÷ the loop most people write",
    limit: 11,
    of: (figures) => ratio(best(figures, "fabra_500"), best(figures, "naive")),
  },
  {
    name: "two_processes",
    title: "two worker processes ÷ one, two cores shared with Redis",
    limit: 1.25,
    of: (figures) => ratio(best(figures, "fabra_500_2p", "free"), best(figures, "fabra_500", "free")),
  },
  {
    name: "default_batch",
    title: "batch 100 (default) ÷ batch 500",
    limit: 0.85,
    of: (figures) => ratio(best(figures, "fabra_100"), best(figures, "fabra_500")),
  },
  {
    name: "metrics_on",
    title: "with metrics ÷ without",
    limit: 0.92,
    of: (figures) => ratio(best(figures, "fabra_500_metrics", "free"), best(figures, "fabra_500", "free")),
  },
  {
    name: "logs_on",
    title: "with a log of events, as sampled by default ÷ without",
    limit: 0.9,
    of: (figures) => ratio(best(figures, "fabra_500_logs", "free"), best(figures, "fabra_500", "free")),
  },
  {
    name: "windows",
    title: "three windows × (sum, count, mean) ÷ three plain counters",
    limit: 0.5,
    of: (figures) => ratio(best(figures, "fabra_500_windows", "free"), best(figures, "fabra_500", "free")),
  },
  {
    name: "keys",
    title: "features of a user and of a merchant ÷ of the user alone",
    limit: 0.45,
    of: (figures) => ratio(best(figures, "fabra_500_keys", "free"), best(figures, "fabra_500", "free")),
  },
  {
    name: "hot_key",
    title: "the same by two processes, half of all events to one merchant ÷ of the user alone",
    limit: 0.3,
    of: (figures) => ratio(best(figures, "fabra_500_2p_hot", "free"), best(figures, "fabra_500_2p", "free")),
  },
  {
    name: "latency_p99_20k_ms",
    title: "publish → readable, p99 at 20,000 events/s, ms",
    limit: 7.5,
    atMost: true,
    of: (figures) => p99(figures, "fabra_100", 20_000),
  },
  {
    name: "latency_vs_bullmq",
    title: "the same ÷ BullMQ's p99 at 5,000 events/s",
    limit: 0.3,
    atMost: true,
    of: (figures) => p99(figures, "fabra_100", 20_000) / p99(figures, "bullmq_50", 5_000),
  },
  {
    name: "publish_batch",
    title: "idempotent publish in batches ÷ plain pipelined XADD",
    limit: 0.75,
    of: (figures) => ratio(published(figures, "fabra", "batches"), published(figures, "xadd", "batches")),
  },
  {
    name: "get",
    title: "GET of 10 features ÷ bare Fastify with the same Redis call",
    limit: 0.9,
    of: (figures) => ratio(served(figures, "fabra", "get"), served(figures, "bare", "get")),
  },
  {
    name: "get_windows",
    title: "GET of 10 features of windows ÷ GET of 10 plain ones",
    limit: 0.5,
    of: (figures) => ratio(served(figures, "fabra_windows", "get"), served(figures, "fabra", "get")),
  },
  {
    name: "ingest",
    title: "POST /ingest ÷ bare Fastify with the same Redis call",
    limit: 0.85,
    of: (figures) => ratio(served(figures, "fabra", "ingest"), served(figures, "bare", "ingest")),
  },
  {
    name: "backlog_memory",
    title: "memory with the largest backlog ÷ with the smallest",
    limit: 1.2,
    atMost: true,
    of({ growth }) {
      const backlogs = growth.filter(({ what }) => what === "backlog")
      return (backlogs.at(-1)?.peakBytes ?? Number.NaN) / (backlogs[0]?.peakBytes ?? Number.NaN)
    },
  },
  {
    name: "embedded",
    title: "in memory ÷ on Redis",
    limit: 2,
    of: (figures) => ratio(best(figures, "fabra_embedded"), best(figures, "fabra_500")),
  },
]

/** Those that the run can tell, by name. */
export function ratiosOf(figures: Figures): Record<string, number> {
  const known = ratios.map(({ name, of }) => [name, of(figures)] as const).filter(([, value]) => !Number.isNaN(value))
  return Object.fromEntries(known)
}

/** Not a number when one of them was not measured. */
function ratio(one: Spread | undefined, other: Spread | undefined): number {
  return one === undefined || other === undefined ? Number.NaN : ratioOf(one, other)
}

/** Events per second at the contender's best placement, or at a given one. */
function best({ throughput }: Figures, name: string, placement?: string): Spread | undefined {
  return throughput
    .filter((row) => row.name === name && (placement ?? row.placement) === row.placement)
    .map(({ eventsPerSecond }) => eventsPerSecond)
    .sort((a, b) => b.median - a.median)[0]
}

function p99({ latency }: Figures, name: string, rate: number): number {
  return latency.find((row) => row.name === name && row.rate === rate)?.p99 ?? Number.NaN
}

function published({ publishing }: Figures, name: string, mode: PublishMode): Spread | undefined {
  return publishing.find((row) => row.name === name && row.mode === mode)?.eventsPerSecond
}

function served({ serving }: Figures, name: string, request: RequestName): Spread | undefined {
  return serving.find((row) => row.name === name && row.request === request)?.requestsPerSecond
}
