import autocannon from "autocannon"
import type { HttpMethods } from "../http-process.js"
import { fillServed, httpServers, SERVED_ENTITIES, SERVED_FEATURES, servedId } from "../http-servers.js"
import { Child } from "../lib/child.js"
import { startRedis } from "../lib/redis.js"
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
const WARM_UP_SECONDS = 1.5
/** Short, so that what changes meanwhile hits all servers alike. */
const TURN_SECONDS = 0.5

/** How many requests a second are answered: all servers run at once, and are asked in turn. */
export async function measureServing(sizes: Sizes, say: (line: string) => void): Promise<ServingRow[]> {
  const requests = Object.keys(REQUESTS).filter((name) => !sizes.quick || name !== "post_rows") as RequestName[]
  const redis = await startRedis()
  const servers = httpServers.map((server) => ({ ...server, child: new Child<HttpMethods>("http-process") }))
  try {
    await fillServed(redis.url)
    const cases = await Promise.all(
      servers.map(async ({ name, title, child }) => ({ name, title, url: await child.call("start", name, redis.url) })),
    )
    const rows: ServingRow[] = []
    for (const request of requests) {
      // Windows are only read: what else is asked is the same with them.
      const asked = cases.filter(({ name }) => request === "get" || name !== "fabra_windows")
      for (const row of await measureRequest(request, asked, sizes.servingTurns)) {
        say(`${row.name}, ${request}: ${Math.round(row.requestsPerSecond.median)} requests/s`)
        rows.push(row)
      }
    }
    return rows
  } finally {
    await Promise.all(servers.map(({ child }) => child.stop()))
    await redis.stop()
  }
}

interface Case {
  readonly name: string
  readonly title: string
  readonly url: string
}

async function measureRequest(request: RequestName, cases: readonly Case[], turns: number): Promise<ServingRow[]> {
  await Promise.all(cases.map(({ url }) => ask(url, request, WARM_UP_SECONDS)))
  const measured = await interleave(cases, turns, ({ url }) => ask(url, request, TURN_SECONDS))
  return measured.map(([{ name, title }, all]) => ({
    name,
    title,
    request,
    requestsPerSecond: spreadOf(all.map(({ requests, duration }) => requests.total / duration)),
    p99: spreadOf(all.map(({ latency }) => latency.p99)).median,
  }))
}

async function ask(url: string, request: RequestName, seconds: number): Promise<autocannon.Result> {
  // It ends with the first sample that it takes after its time.
  const time = { duration: seconds, sampleInt: 1000 * seconds + 20 }
  const options = { url, connections: CONNECTIONS, requests: REQUESTS[request](), ...time }
  const result = await autocannon(options)
  const refused = result.non2xx + result.errors
  if (refused > 0) throw new Error(`${url} refused ${refused} of ${result.requests.total} requests.`)
  return result
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
