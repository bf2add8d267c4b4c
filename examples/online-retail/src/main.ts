import { once } from "node:events"
import { settingsFromEnv } from "@fabra/worker"
import { startEmbedded } from "./embedded.js"
import type { Engine } from "./engine.js"
import { startOnRedis } from "./on-redis.js"
import { readOptions } from "./options.js"
import { printReport, toJson } from "./report.js"
import { runThrough } from "./run.js"
import { readTruth, type Truth } from "./truth.js"

const options = readOptions(process.argv)
const say = (line: string) => process.stderr.write(`${line}\n`)

/** Runs everything; the exit code says whether every feature of every customer is what the file says. */
async function main(): Promise<number> {
  const truth = await readTruth(options.limit)
  const engine = await start(truth)
  const interrupted = once(process, "SIGINT").then(() => Promise.reject(new Error("interrupted")))
  try {
    const { limit, crash } = options
    const run = await Promise.race([runThrough(engine, truth, { limit, crash, say }), engine.failed, interrupted])
    await printReport(run, truth, options.json ? say : console.log)
    if (options.json) console.log(JSON.stringify(toJson(run)))
    return run.matches ? 0 : 1
  } finally {
    await engine.stop()
  }
}

async function start({ customers }: Truth): Promise<Engine> {
  const { redis, namespace, workers, keep, metricsPort } = options
  const group = settingsFromEnv(process.env).group ?? "fabra_workers"
  if (redis === undefined) return startEmbedded(group)
  say(`on Redis, in the namespace ${namespace}`)
  const customerIds = [...customers.keys()]
  return startOnRedis({ url: redis, namespace, workers, keep, metricsPort, group, customerIds, say })
}

try {
  process.exitCode = await main()
} catch (error) {
  say(`error: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
