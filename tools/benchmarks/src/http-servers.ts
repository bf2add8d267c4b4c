import { randomUUID } from "node:crypto"
import { aggregate, count, max, mean, min, sum } from "@fabra/aggregates"
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { FeatureStore } from "@fabra/core"
import { defineEvent, MemoryEventBus } from "@fabra/events"
import { createServer } from "@fabra/server"
import { silent } from "@fabra/test-support"
import { AxiomWorker } from "@fabra/worker"
import fastify from "fastify"
import { Redis } from "ioredis"

/** How many entities there are to read, and features of each. */
export const SERVED_ENTITIES = 100
export const SERVED_FEATURES = Array.from({ length: 10 }, (_, i) => `feature_${i}`)

/** Something that answers the same requests, at the address returned. */
export interface HttpServer {
  readonly name: string
  readonly title: string
  start(url: string): Promise<string>
}

export const httpServers: readonly HttpServer[] = [
  { name: "fabra", title: "Fabra", start: startFabra },
  { name: "fabra_windows", title: "Fabra, windows instead of counters", start: startWindows },
  { name: "bare", title: "bare Fastify, the same Redis calls", start: startBare },
]

/** @throws Error when there is none of this name */
export function httpServerNamed(name: string): HttpServer {
  const found = httpServers.find((server) => server.name === name)
  if (found === undefined) throw new Error(`There is no HTTP server "${name}".`)
  return found
}

function defineServed(url: string) {
  const store = new FeatureStore({ cache: new RedisFeatureCache({ url }) })
  const User = store.entity("User", { key: "user_id" })
  const features = SERVED_FEATURES.map((name) =>
    store.feature(name, {
      entity: User,
      trigger: "purchase",
      initial: 0,
      compute: (_id, _event, { current }) => current,
    }),
  )
  return { store, features }
}

/** Ten features of windows: five aggregates over two. */
function defineWindows(url: string) {
  const store = new FeatureStore({ cache: new RedisFeatureCache({ url, namespace: "windows" }) })
  const User = store.entity("User", { key: "user_id" })
  aggregate(store, "spend", {
    entity: User,
    trigger: "purchase",
    value: ({ payload }) => payload.amount as number,
    windows: ["24h", "30d"],
    aggregates: { sum: sum(), count: count(), mean: mean(), min: min(), max: max() },
  })
  return store
}

/** Gives every entity 60 events in the last 30 days. */
async function fillWindows(url: string): Promise<void> {
  const [bus, store] = [new MemoryEventBus(), defineWindows(url)]
  const worker = new AxiomWorker(store, { bus, logger: silent })
  const running = worker.run()
  const purchase = defineEvent("purchase")
  const events = Array.from({ length: 60 * SERVED_ENTITIES }, (_, i) => {
    const timestamp = Date.now() - Math.floor(i / SERVED_ENTITIES) * 12 * 3_600_000
    return purchase.create({ entityId: servedId(i), payload: { amount: i / 100 }, timestamp })
  })
  await bus.publish(events.reverse())
  await worker.idle()
  await worker.stop()
  await running
  await store.cache.close()
}

/** Gives every entity a value of each feature. */
export async function fillServed(url: string): Promise<void> {
  const { store, features } = defineServed(url)
  const ids = Array.from({ length: SERVED_ENTITIES }, (_, i) => servedId(i))
  for (const feature of features) await Promise.all(ids.map((id, i) => store.setFeature(feature, id, i)))
  await fillWindows(url)
  await store.cache.close()
}

/** Id of one of the entities that {@link fillServed} fills. */
export function servedId(i: number): string {
  return `user_${i % SERVED_ENTITIES}`
}

async function startFabra(url: string): Promise<string> {
  const { store } = defineServed(url)
  const server = createServer(store, { bus: new RedisEventBus({ url }), port: 0 })
  return (await server.listen()).url
}

async function startWindows(url: string): Promise<string> {
  const server = createServer(defineWindows(url), { bus: new RedisEventBus({ url }), port: 0 })
  return (await server.listen()).url
}

/** Appends an event unless its id was seen before: as much as a bus that takes nothing twice has to ask of Redis. */
const APPEND = `local before = redis.call('GET', KEYS[2])
if before then return {before, 1} end
local id = redis.call('XADD', KEYS[1], '*', 'data', ARGV[2])
redis.call('SET', KEYS[2], id, 'PX', ARGV[1])
return {id, 0}`
/** As long as Fabra's bus remembers it. */
const WINDOW_MS = 120_000

/** What one would write for these three requests alone: no validation, no limits, nothing said about errors. */
async function startBare(url: string): Promise<string> {
  const redis = new Redis(url, { scripts: { append: { lua: APPEND, numberOfKeys: 2 } } }) as Redis & {
    append(stream: string, seen: string, windowMs: number, data: string): Promise<[string, number]>
  }
  const app = fastify()
  const fields = SERVED_FEATURES.map((name) => `f:${name}`)
  const featuresOf = (values: readonly (string | null)[]) =>
    Object.fromEntries(SERVED_FEATURES.map((name, i) => [name, answerOf(values[i] ?? null)]))

  app.get<{ Params: { id: string } }>("/features/User/:id", async ({ params: { id } }) => {
    return {
      entity: "User",
      entity_id: id,
      features: featuresOf(await redis.hmget(`fabra:entity:User/${id}`, ...fields)),
    }
  })
  app.post<{ Body: { entity_rows: { user_id: string }[] } }>("/features", async ({ body: { entity_rows: rows } }) => {
    const pipeline = redis.pipeline()
    for (const { user_id: id } of rows) pipeline.hmget(`fabra:entity:User/${id}`, ...fields)
    const answers = (await pipeline.exec()) ?? []
    return {
      rows: answers.map(([, values], i) => ({
        entity_row: rows[i],
        features: featuresOf(values as (string | null)[]),
      })),
    }
  })
  app.post<{ Params: { type: string }; Body: { entity_id: string; payload: { amount: number } } }>(
    "/ingest/:type",
    async ({ params: { type }, body: { entity_id, payload } }, reply) => {
      const id = `evt_${randomUUID().replaceAll("-", "")}`
      const event = { event_id: id, event_type: type, entity_id, timestamp: new Date().toISOString(), payload }
      const [, before] = await redis.append("bare:events", `bare:seen:${id}`, WINDOW_MS, JSON.stringify(event))
      return reply.code(202).send({ event_id: id, duplicate: before === 1 })
    },
  )
  return app.listen({ port: 0, host: "127.0.0.1" })
}

/** What a field holds, `computedAt|eventTime|value`, as Fabra answers it. */
function answerOf(raw: string | null) {
  if (raw === null) return { value: null, event_time: null, computed_at: null, status: "MISSING" }
  const [computedAt, eventTime] = raw.split("|", 2) as [string, string]
  return {
    value: JSON.parse(raw.slice(computedAt.length + eventTime.length + 2)),
    event_time: eventTime === "" ? null : new Date(Number(eventTime)).toISOString(),
    computed_at: new Date(Number(computedAt)).toISOString(),
    status: "PRESENT",
  }
}
