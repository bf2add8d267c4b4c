import autocannon from "autocannon"
import type { HttpMethods } from "../http-process.js"
import { fillServed, httpServers, SERVED_ENTITIES, SERVED_FEATURES, servedId } from "../http-servers.js"
import { Child } from "../lib/child.js"
import { type OwnRedis, startRedis } from "../lib/redis.js"
import { interleave, type Spread, spreadOf } from "../lib/rounds.js"
import type { Sizes } from "../sizes.js"

/** Requests that are measured: ten features of one entity, of a hundred, and one event. */
export const REQUESTS = { get: getRequests, post_rows: postRequests, ingest: ingestRequests } as const
export type RequestName = keyof typeof REQUESTS

/** One server with one kind of request. */
export interface ServingRow {
  readonly name: string
  readonly title: string
  readonly request: RequestName
  readonly requestsPerSecond: Spread
  /** Milliseconds, the median of the rounds. */
  readonly p99: number
}

const CONNECTIONS = 32
const WARM_UP_SECONDS = 2
/** The time of a round is dealt out to the servers in so many turns, so that what changes meanwhile hits all alike. */
const TURNS = 5

/** How many requests a second are answered. */
export async function measureServing(sizes: Sizes, say: (line: string) => void): Promise<ServingRow[]> {
  const names = Object.keys(REQUESTS).filter((name) => !sizes.quick || name !== "post_rows") as RequestName[]
  const redis = await startRedis()
  try {
    await fillServed(redis.url)
    const rows: ServingRow[] = []
    for (const request of names) {
      for (const row of await measureRequest(request, redis, sizes)) {
        say(`${row.name}, ${request}: ${Math.round(row.requestsPerSecond.median)} requests/s`)
        rows.push(row)
      }
    }
    return rows
  } finally {
    await redis.stop()
  }
}

/** All servers run at once, and are asked in turn. */
async function measureRequest(request: RequestName, redis: OwnRedis, sizes: Sizes): Promise<ServingRow[]> {
  const servers = httpServers.map((server) => ({ ...server, child: new Child<HttpMethods>("http-process.ts") }))
  try {
    const cases = []
    for (const { name, title, child } of servers) {
      const ask = asker(await child.call("start", name, redis.url), request)
      const { perSecond } = await ask({ duration: WARM_UP_SECONDS })
      cases.push({ name, title, ask, amount: Math.ceil((perSecond * sizes.servingSeconds) / TURNS) })
    }
    const measured = await interleave(cases, sizes.rounds * TURNS, ({ ask, amount }) => ask({ amount }))
    return measured.map(([{ name, title }, all]) => ({
      ...{ name, title, request },
      requestsPerSecond: spreadOf(all.map(({ perSecond }) => perSecond)),
      p99: spreadOf(all.map(({ p99 }) => p99)).median,
    }))
  } finally {
    await Promise.all(servers.map(({ child }) => child.stop()))
  }
}

/** Sends requests of one kind, for so many seconds or so many of them. */
function asker(url: string, request: RequestName) {
  return async (howMuch: { duration: number } | { amount: number }) => {
    const from = performance.now()
    const { requests, latency, non2xx, errors } = await autocannon({
      ...{ url, connections: CONNECTIONS, requests: REQUESTS[request](), ...howMuch },
    })
    const seconds = (performance.now() - from) / 1000
    if (non2xx + errors > 0) throw new Error(`${url} refused ${non2xx + errors} of ${requests.total} requests.`)
    return { perSecond: requests.total / seconds, p99: latency.p99 }
  }
}

function getRequests(): autocannon.Request[] {
  return Array.from({ length: SERVED_ENTITIES }, (_, i) => ({ path: `/features/User/${servedId(i)}` }))
}

function postRequests(): autocannon.Request[] {
  const entity_rows = Array.from({ length: 100 }, (_, i) => ({ user_id: servedId(i) }))
  return [jsonRequest("/features", { features: SERVED_FEATURES, entity_rows })]
}

function ingestRequests(): autocannon.Request[] {
  return Array.from({ length: SERVED_ENTITIES }, (_, i) => {
    return jsonRequest("/ingest/purchase", { entity_id: servedId(i), payload: { amount: i } })
  })
}

function jsonRequest(path: string, body: object): autocannon.Request {
  return { method: "POST", path, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
}
