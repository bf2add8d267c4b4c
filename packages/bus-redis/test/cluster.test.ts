import { once } from "node:events"
import { createServer } from "node:net"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Cluster, Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { RedisEventBus } from "../src/index.js"
import { Keys } from "../src/keys.js"
import { eventIn, isExternal, join } from "./support.js"

const MASTERS = 3
const PARTITIONS = 4

describe.skipIf(isExternal)("a Redis Cluster", () => {
  const servers: RedisTestServer[] = []
  const nodes: Redis[] = []
  let cluster: Cluster

  beforeAll(async () => {
    const busPorts: number[] = []
    for (let i = 0; i < MASTERS; i++) {
      const busPort = await freePort()
      busPorts.push(busPort)
      servers.push(await startRedisServer({ args: ["--cluster-enabled", "yes", "--cluster-port", String(busPort)] }))
    }
    nodes.push(...servers.map(({ url }) => new Redis(url)))
    for (const [i, node] of nodes.entries()) {
      const from = Math.floor((i * 16_384) / MASTERS)
      await node.cluster("ADDSLOTSRANGE", from, Math.floor(((i + 1) * 16_384) / MASTERS) - 1)
      await node.call("CLUSTER", "MEET", "127.0.0.1", String(servers[0]?.port), String(busPorts[0]))
    }
    const isWhole = async () => {
      for (const node of nodes) expect(await node.cluster("INFO")).toMatch(/cluster_state:ok.*cluster_known_nodes:3/s)
    }
    await vi.waitFor(isWhole, { timeout: 20_000 })
    cluster = new Cluster([{ host: "127.0.0.1", port: servers[0]?.port ?? 0 }], { lazyConnect: true })
  }, 30_000)

  afterAll(async () => {
    for (const node of nodes) node.disconnect()
    cluster?.disconnect()
    await Promise.all(servers.map((server) => server.stop()))
  })

  test("carries events, groups, checkpoints and dead letters, with partitions on every master", async () => {
    const namespace = "clustered"
    const bus = new RedisEventBus({ client: cluster, namespace, partitions: PARTITIONS })
    const events = Array.from({ length: 40 }, (_, i) => eventIn(i % PARTITIONS))
    expect((await bus.publish(events)).filter(({ ok }) => !ok)).toEqual([])
    const streams = new Keys(namespace).partitions(PARTITIONS).map(({ events }) => events)
    const counts = await Promise.all(
      nodes.map(async (node) => (await node.keys("*")).filter((key) => streams.includes(key)).length),
    )
    expect(counts.sort()).toEqual([1, 1, 2])

    const member = await join(bus)
    expect(member.assigned).toHaveLength(PARTITIONS)
    const batches = await member.take(40)
    const seen = batches.flatMap(({ records }) => records.map(({ data }) => JSON.parse(data).event_id))
    expect(seen.sort()).toEqual(events.map(({ eventId }) => eventId).sort())

    const waiting = member.subscription.read({ maxEvents: 10, maxWaitMs: 600_000 })
    await bus.publish(eventIn(2))
    const [news] = await waiting
    expect(news).toMatchObject({ partition: 2 })
    await member.subscription.checkpoint(2, news?.records[0]?.position as string, 11)
    const lag = await bus.lag("workers")
    expect(lag.map(({ events }) => events)).toEqual([10, 10, 0, 10])

    await bus.deadLetters.append([
      {
        ...{ group: "workers", partition: 0, position: "1-1", data: "", features: [], reason: "invalid_event" },
        ...{ error: { name: "E", message: "m" }, attempts: 1, firstFailedAt: 1, lastFailedAt: 1 },
      },
    ])
    expect((await bus.deadLetters.stats()).count).toBe(1)
    await bus.close()
    expect(cluster.status).toBe("wait")
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("There is no free port.")
  return address.port
}
