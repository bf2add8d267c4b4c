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
const WARM_UP_SECONDS = 1

/** How many requests a second are answered. */
export async function measureServing(sizes: Sizes, say: (line: string) => void): Promise<ServingRow[]> {
  const names = Object.keys(REQUESTS).filter((name) => !sizes.quick || name !== "post_rows") as RequestName[]
  const cases = names.flatMap((request) => httpServers.map(({ name, title }) => ({ name, title, request })))
  const redis = await startRedis()
  try {
    await fillServed(redis.url)
    const measured = await interleave(cases, sizes.rounds, async ({ name, request }) => {
      const result = await measureOne(name, request, redis, sizes.servingSeconds)
      say(`${name}, ${request}: ${Math.round(result.requestsPerSecond)} requests/s`)
      return result
    })
    return measured.map(([one, all]) => ({
      ...one,
      requestsPerSecond: spreadOf(all.map(({ requestsPerSecond }) => requestsPerSecond)),
      p99: spreadOf(all.map(({ p99 }) => p99)).median,
    }))
  } finally {
    await redis.stop()
  }
}

async function measureOne(name: string, request: RequestName, redis: OwnRedis, seconds: number) {
  const child = new Child<HttpMethods>("http-process.ts")
  try {
    const url = await child.call("start", name, redis.url)
    const run = (duration: number) => {
      return autocannon({ url, connections: CONNECTIONS, duration, requests: REQUESTS[request]() })
    }
    await run(WARM_UP_SECONDS)
    const { requests, latency, non2xx, errors } = await run(seconds)
    if (non2xx + errors > 0) throw new Error(`${name} refused ${non2xx + errors} of ${requests.total} requests.`)
    return { requestsPerSecond: requests.average, p99: latency.p99 }
  } finally {
    await child.stop()
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
