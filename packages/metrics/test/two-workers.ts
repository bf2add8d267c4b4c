import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { RedisEventBus } from "@fabra/bus-redis"
import { until } from "@fabra/test-support"
import { startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { type Exposition, scrape } from "./exposition.js"
import { shop } from "./shop.js"

export const PURCHASES = 300
export const REFUNDS = 30
/** Fail once, and are applied at the second try. */
export const RETRIED = 10
/** Of the purchases: older than the first of their user. */
export const LATE = 5
/** Fail at each of three tries. */
export const LOST = 5

/** Each look is a request to every process. */
const POLL_MS = 20

/** Two worker processes on Redis that have done all there was to do. */
export class TwoWorkers {
  /** A scrape of each. */
  readonly pages: readonly Exposition[]
  readonly bus: RedisEventBus
  readonly stop: () => Promise<void>

  private constructor(pages: readonly Exposition[], bus: RedisEventBus, stop: () => Promise<void>) {
    this.pages = pages
    this.bus = bus
    this.stop = stop
  }

  static async run(): Promise<TwoWorkers> {
    const server = await startRedisServer()
    const namespace = server.namespace()
    const bus = new RedisEventBus({ url: server.url, namespace })
    const workers = [start(server.url, namespace), start(server.url, namespace)]
    const stop = async () => {
      for (const worker of workers) worker.kill()
      await Promise.all(workers.map((worker) => worker.exitCode ?? once(worker, "exit")))
      await bus.close()
      await server.stop()
    }
    try {
      const urls = await Promise.all(workers.map(async (worker) => (await once(worker, "message"))[0] as string))
      await until(async () => {
        const owners = new Set(await ownersOf(bus))
        return owners.size === 2 && !owners.has(null)
      }, POLL_MS)
      await publish(bus, server.adminUrl, namespace)
      let pages: Exposition[] = []
      await until(async () => {
        pages = await Promise.all(urls.map(scrape))
        // What the bus is asked for may be a second old.
        const buried = pages.every((page) => page.sum("fabra_dead_letter_queue_entries") === LOST + 1)
        const scheduled = sum(pages, "fabra_schedule_run_seconds_count") === 1
        return buried && scheduled && sum(pages, "fabra_events_processed_total") >= PURCHASES + REFUNDS + 1
      }, POLL_MS)
      return new TwoWorkers(pages, bus, stop)
    } catch (error) {
      await stop()
      throw error
    }
  }

  /** The sum over both, as Prometheus would make it. */
  total(name: string, labels: Record<string, string> = {}): number {
    return sum(this.pages, name, labels)
  }

  owners(): Promise<(string | null)[]> {
    return ownersOf(this.bus)
  }
}

function start(url: string, namespace: string): ChildProcess {
  const script = fileURLToPath(new URL("./worker-process.ts", import.meta.url))
  return fork(script, [url, namespace], { execArgv: ["--import", "tsx"] })
}

async function ownersOf(bus: RedisEventBus): Promise<(string | null)[]> {
  return (await bus.lag("fabra_workers").catch(() => [])).map(({ owner }) => owner)
}

async function publish(bus: RedisEventBus, url: string, namespace: string): Promise<void> {
  const { purchase, refund } = shop()
  const user = (i: number) => `user_${i % 20}`
  const isLate = (i: number) => i >= 20 && i < 20 + LATE
  const fails = (i: number) => (i < LOST ? 99 : i < LOST + RETRIED ? 1 : 0)
  await bus.publish([
    ...Array.from({ length: PURCHASES }, (_, i) =>
      purchase.create({ entityId: user(i), payload: { amount: i }, ...(isLate(i) ? { timestamp: new Date(0) } : {}) }),
    ),
    ...Array.from({ length: REFUNDS }, (_, i) => refund.create({ entityId: user(i), payload: { fails: fails(i) } })),
  ])
  // Anybody may write to a stream, also what is no event at all.
  const redis = new Redis(url)
  const [stream] = await redis.keys(`${namespace}:events:*`)
  await redis.xadd(stream as string, "*", "data", "nonsense")
  await redis.quit()
}

function sum(pages: readonly Exposition[], name: string, labels: Record<string, string> = {}): number {
  return pages.reduce((total, page) => total + (page.sum(name, labels) ?? 0), 0)
}
