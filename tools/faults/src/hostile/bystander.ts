// A client that behaves, in a process of its own, so that what is measured is the server and not whoever attacks it.
import { performance } from "node:perf_hooks"
import { setTimeout as delay } from "node:timers/promises"

/** What a bystander has seen. */
export interface Seen {
  readonly requests: number
  /** Answers of 5xx, and connections that broke. */
  readonly failed: number
  readonly p50: number
  readonly p99: number
}

/** Milliseconds from the beginning of one request to that of the next. */
const EVERY_MS = 8
const ENTITIES = 100

const [port, key = ""] = process.argv.slice(2)
/** Since it was last asked, and since it was last told to begin anew. */
const recent = { times: [] as number[], failed: 0 }
const all = { times: [] as number[], failed: 0 }
let sent = 0

async function request(): Promise<void> {
  const n = sent++
  const user = `user_${n % ENTITIES}`
  const publishes = n % 2 === 0
  const path = publishes ? "/ingest/purchase" : `/features/User/${user}`
  const headers = { "x-api-key": key, "content-type": "application/json" }
  const body = JSON.stringify({ entity_id: user, payload: {} })
  const begun = performance.now()
  try {
    const response = await fetch(
      `http://127.0.0.1:${port}${path}`,
      publishes ? { method: "POST", headers, body } : { headers },
    )
    await response.arrayBuffer()
    if (response.status >= 500) fail()
  } catch {
    fail()
  }
  for (const to of [recent, all]) to.times.push(performance.now() - begun)
}

function fail(): void {
  for (const to of [recent, all]) to.failed++
}

/** What was seen, which is then forgotten. */
function take(from: typeof recent): Seen {
  const sorted = from.times.sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const seen = { requests: sorted.length, failed: from.failed, p50: at(0.5), p99: at(0.99) }
  Object.assign(from, { times: [], failed: 0 })
  return seen
}

process.on("message", (what: "recent" | "all") => process.send?.(take(what === "all" ? all : recent)))
process.on("disconnect", () => process.exit())

// One after the other begins on time, whatever became of those before: a server that hangs is not asked less for it.
for (let next = performance.now(); ; next += EVERY_MS) {
  void request()
  await delay(Math.max(0, next + EVERY_MS - performance.now()))
}
