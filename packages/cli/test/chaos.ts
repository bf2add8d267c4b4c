import type { RedisTestServer } from "@fabra/testing"
import { Running } from "./fabra.js"

const CONCURRENCY = 32
const ENTITIES = 50
/** Longer than the API waits for Redis, so that there are refusals too. */
const AWAY_MS = 6_000

/** What a run of {@link chaos} has seen. */
export interface Report {
  /** Requests sent, those that were sent again included. */
  readonly requests: number
  /** Answers that were no 202, or none at all. */
  readonly failed: number
  /** Answers that an event was there already. */
  readonly duplicates: number
  /** Entities whose features are not what the events say. */
  readonly wrong: readonly string[]
}

/**
 * Sends `count` events to `fabra serve`, each until there is a 202, while `fabra worker --processes 2` applies them; at
 * a third one worker process is killed, at two thirds Redis is killed and started again with its append-only file.
 * @param redis keeps an append-only file
 */
export async function chaos(redis: RedisTestServer, count: number, say: (line: string) => void): Promise<Report> {
  const env = { FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace(), FABRA_FEATURES: "my_features.ts" }
  const serve = new Running(["serve", "--port", "0"], { env })
  const workers = new Running(["worker", "--processes", "2"], { env })
  try {
    const [, url = ""] = await serve.says(/"url":"([^"]+)"/)
    const [, pid] = await workers.says(/"pid":(\d+),"message":"worker started"[\s\S]*"worker started"/)
    const totals = { requests: 0, failed: 0, duplicates: 0 }
    let done = 0
    const faults = new Map([
      [Math.floor(count / 3), () => kill(Number(pid), say)],
      [Math.floor((2 * count) / 3), () => restart(redis, say)],
    ])
    const pending: Promise<void>[] = []
    const send = async (n: number) => {
      await ingest(url, n, totals)
      done++
      const fault = faults.get(done)
      if (fault !== undefined) pending.push(fault())
    }
    let next = 0
    const lane = async () => {
      while (next < count) await send(next++)
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, lane))
    await Promise.all(pending)
    say(`${count} events accepted in ${totals.requests} requests`)
    return { ...totals, wrong: await settle(url, count, say) }
  } finally {
    await Promise.all([serve.stop(), workers.stop()])
  }
}

async function kill(pid: number, say: (line: string) => void): Promise<void> {
  say(`killing worker process ${pid}`)
  process.kill(pid, "SIGKILL")
}

async function restart(redis: RedisTestServer, say: (line: string) => void): Promise<void> {
  say("killing Redis, and starting it again after a while")
  await redis.kill()
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
  await redis.restart()
}

/** Sends one event under its id until it is accepted. */
async function ingest(url: string, n: number, totals: { requests: number; failed: number; duplicates: number }) {
  const body = JSON.stringify({
    ...{ entity_id: `user-${n % ENTITIES}`, event_id: `event-${n}` },
    payload: { amount: n, product_id: "p" },
  })
  const init = { method: "POST", headers: { "content-type": "application/json" }, body }
  for (;;) {
    totals.requests++
    const response = await fetch(`${url}/ingest/purchase`, init).catch(() => undefined)
    if (response?.status === 202) {
      const { duplicate } = (await response.json()) as { duplicate: boolean }
      if (duplicate) totals.duplicates++
      return
    }
    totals.failed++
    await response?.arrayBuffer()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Waits until every entity has what its events come to, or until nothing moves any more; resolves to those that differ. */
async function settle(url: string, count: number, say: (line: string) => void): Promise<string[]> {
  let [seen, quietSince] = [-1, Date.now()]
  for (;;) {
    const rows = await Promise.all(Array.from({ length: ENTITIES }, (_, i) => read(url, `user-${i}`)))
    const applied = rows.reduce((sum, { purchases }) => sum + purchases, 0)
    const wrong = rows.flatMap(({ id, purchases, spent }, i) => {
      const events = Array.from({ length: Math.ceil((count - i) / ENTITIES) }, (_, k) => i + k * ENTITIES)
      const isRight = purchases === events.length && spent === events.reduce((sum, n) => sum + n, 0)
      return isRight ? [] : [`${id}: ${purchases} of ${events.length} events, ${spent}`]
    })
    if (applied !== seen) [seen, quietSince] = [applied, Date.now()]
    // Longer than a lease: a worker that died is replaced by then.
    if (wrong.length === 0 || Date.now() - quietSince > 30_000) {
      say(`${applied} of ${count} events applied`)
      return wrong
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function read(url: string, id: string): Promise<{ id: string; purchases: number; spent: number }> {
  const response = await fetch(`${url}/features/User/${id}`)
  const { features } = (await response.json()) as { features: Record<string, { value: number | null }> }
  return { id, purchases: features.total_purchases?.value ?? 0, spent: features.total_spent?.value ?? 0 }
}
