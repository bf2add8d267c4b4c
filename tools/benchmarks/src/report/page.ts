import { mkdir, writeFile } from "node:fs/promises"
import type { Figures } from "../figures.js"
import type { Machine } from "./machine.js"
import { allPlots } from "./plots.js"
import { growthTable, latencyTable, publishingTable, ratioTable, servingTable, throughputTable } from "./tables.js"

const DOCS = new URL("../../../../docs/", import.meta.url)

/** Writes docs/performance.md and its pictures. */
export async function writePage(figures: Figures, machine: Machine, command: string): Promise<void> {
  const plots = allPlots(figures)
  await mkdir(new URL("performance/", DOCS), { recursive: true })
  for (const [name, svg] of plots) await writeFile(new URL(`performance/${name}`, DOCS), svg)
  const pictures = (names: readonly string[]) =>
    names.filter((name) => plots.has(name)).map((name) => `![${name.replace(".svg", "")}](performance/${name})`)
  const { cpu, cores, memoryGb, node, redis, ioredis, bullmq } = machine
  const sections = [
    "# Performance",
    `Written by \`${command}\` on ${cores} cores (${cpu}) with ${memoryGb} GB, Node ${node}, Redis ${redis}, ioredis ${ioredis}, BullMQ ${bullmq}. ` +
      "Figures of other machines differ; ratios within one run say more than any of them.",
    "Every contender drains the same backlog of `purchase` events and keeps three features of each entity up to date: the last " +
      "amount, the count, the sum. Afterwards every entity is compared with what the events say. Contenders take turns; " +
      "a figure is the median of the rounds (least..most), a ratio the median of the ratios of each round. CPU is counted by the system, per process. " +
      "`free`: processes run where the system puts them; `split`: Redis has one core, the worker another; `shared`: both " +
      "have one core, which suits code that waits for every answer. What is compared, and how each is set up: " +
      "[benchmarks](../tools/benchmarks/README.md).",
    ratioTable(figures),
    "Where an aim is missed, [decision 008](decisions/008-the-hot-path.md) says where the time goes and what did not pay.",
    "## Throughput",
    throughputTable(figures),
    ...pictures(["throughput.svg"]),
    "## Latency",
    "From just before `publish` until a reader of its own sees the value, beside a steady load of other events.",
    latencyTable(figures),
    "## Publishing",
    publishingTable(figures),
    "## Serving",
    "The HTTP API beside a bare Fastify that makes the same Redis calls, checks nothing and answers the same; 32 connections of one client.",
    servingTable(figures),
    "## Growth",
    "Fabra on Redis, batch 500, one worker process.",
    growthTable(figures),
    ...pictures(["backlog.svg", "features.svg", "entities.svg", "value_length.svg"]),
  ]
  const page = sections.filter((section) => section !== "").join("\n\n")
  await writeFile(new URL("performance.md", DOCS), `${page}\n`)
}
