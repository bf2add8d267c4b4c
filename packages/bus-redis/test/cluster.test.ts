import { setImmediate } from "node:timers/promises"
import { type RedisTestCluster, type RedisTestServer, startRedisCluster } from "@fabra/testing"
import slotOf from "cluster-key-slot"
import { Cluster, Redis } from "ioredis"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest"
import { RedisEventBus, type RedisEventBusOptions } from "../src/index.js"
import { Keys } from "../src/keyspace/keys.js"
import { eventIn, isExternal, join, numbers } from "./support.js"

const PARTITIONS = 4

describe.skipIf(isExternal)("a Redis Cluster", () => {
  let servers: RedisTestCluster
  let nodes: Redis[]
  let cluster: Cluster
  let bus: RedisEventBus
  let namespace: string
  let keys: Keys
  let round = 0

  beforeAll(async () => {
    servers = await startRedisCluster({ replicas: 0, args: ["--cluster-require-full-coverage", "no"] })
    nodes = servers.masters.map(({ adminUrl }) => new Redis(adminUrl))
    for (const node of nodes) node.on("error", () => {})
  })
  afterAll(async () => {
    for (const node of nodes) node.disconnect()
    await servers.stop()
  })
  beforeEach(() => {
    namespace = `clustered-${++round}`
    keys = new Keys(namespace)
    cluster = new Cluster([...servers.nodes], { lazyConnect: true, redisOptions: servers.user })
    bus = open()
  })
  afterEach(() => bus.close())

  function open(options: RedisEventBusOptions = {}): RedisEventBus {
    return new RedisEventBus({ client: cluster, namespace, partitions: PARTITIONS, retentionMs: 0, ...options })
  }

  /** Which master has a key. */
  function home(key: string): number {
    return Math.floor((slotOf(key) * servers.masters.length) / 16_384)
  }

  /** A partition whose master has nothing that all partitions need, and one of another master. */
  function partitionsApart(): [number, number] {
    for (;;) {
      namespace = `clustered-${++round}`
      keys = new Keys(namespace)
      const homes = keys.partitions(PARTITIONS).map(({ events }) => home(events))
      const needed = [keys.meta, keys.leases("workers")].map(home)
      const lonely = homes.findIndex((master) => !needed.includes(master))
      if (lonely !== -1) return [lonely, homes.findIndex((master) => master !== homes[lonely])]
    }
  }

  test("by the addresses of its nodes carries many partitions, and Node has nothing to warn of", async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on("warning", onWarning)
    onTestFinished(() => void process.off("warning", onWarning))
    const many = new RedisEventBus({ url: servers.masters.map(({ url }) => url).join(","), namespace, partitions: 32 })
    onTestFinished(() => many.close())
    const member = await join(many)
    const reading = member.take(1)
    await many.publish(eventIn(0))
    await reading
    await setImmediate() // Node tells of warnings in the next turn of its loop
    expect(warnings).toEqual([])
  })

  test("carries events, groups, checkpoints and dead letters, with partitions on every master", async () => {
    const events = Array.from({ length: 40 }, (_, i) => eventIn(i % PARTITIONS))
    expect((await bus.publish(events)).filter(({ ok }) => !ok)).toEqual([])
    const streams = keys.partitions(PARTITIONS).map(({ events }) => events)
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
        group: "workers",
        partition: 0,
        position: "1-1",
        data: "",
        features: [],
        reason: "invalid_event",
        error: { name: "E", message: "m" },
        attempts: 1,
        firstFailedAt: 1,
        lastFailedAt: 1,
      },
    ])
    expect((await bus.deadLetters.stats()).count).toBe(1)
    await bus.close()
    expect(cluster.status).toBe("wait")
  })

  test("every master is looked at, and one that evicts keys is named", async () => {
    const index = (home(keys.meta) + 1) % servers.masters.length
    await nodes[index]?.config("SET", "maxmemory-policy", "allkeys-lru")
    const { notices } = await join(bus)
    await nodes[index]?.config("SET", "maxmemory-policy", "noeviction")
    expect(notices.map(({ message }) => message).filter((message) => /drops keys/.test(message))).toEqual([
      expect.stringMatching(`^Redis at 127.0.0.1:${servers.masters[index]?.port} drops keys`),
    ])
  })

  test("a master that hangs holds up its own partitions only", async () => {
    const [away, here] = partitionsApart()
    bus = open({ commandTimeoutMs: 600_000 })
    const stopped = servers.masters[home(keys.partitions(PARTITIONS)[away]?.events ?? "")] as RedisTestServer
    const member = await join(bus)
    await bus.publish([eventIn(away), eventIn(here)])
    await member.take(2)
    await stopped.kill("SIGSTOP")
    try {
      for (let i = 0; i < 5; i++) {
        const event = await bus.publish(eventIn(here))
        expect(await member.take(1)).toMatchObject([{ partition: here, records: [{ position: event.position }] }])
      }
    } finally {
      await stopped.kill("SIGCONT")
    }
    await bus.publish(eventIn(away))
    expect(await member.take(1)).toMatchObject([{ partition: away }])
    expect(member.lost).toEqual([])
  })

  test("a master that is dead holds up its own partitions only; that is said, and when it is back", async () => {
    const [away, here] = partitionsApart()
    bus = open({ commandTimeoutMs: 60_000 })
    const dead = servers.masters[home(keys.partitions(PARTITIONS)[away]?.events ?? "")] as RedisTestServer
    const member = await join(bus)
    const seen = [eventIn(away), eventIn(here)]
    await bus.publish(seen)
    await member.take(2)
    const said = (text: string) => member.notices.some(({ message }) => message.includes(text))
    await dead.kill()
    while (!said("cannot be read")) {
      await bus.publish(eventIn(here))
      expect(await member.take(1)).toMatchObject([{ partition: here }])
    }
    await dead.restart()
    const publishing = bus.publish(eventIn(away))
    const batches = await member.take(1)
    expect(numbers(batches)).toHaveLength(1)
    expect(batches).toMatchObject([{ partition: away, records: [{ position: (await publishing).position }] }])
    expect(said(`Of the bus partition ${away}`)).toBe(true)
    await expect.poll(() => said("can be read again")).toBe(true)
    expect(member.notices.filter(({ message }) => message.includes("cannot be read"))).toHaveLength(1)
    expect(member.lost).toEqual([])
  })
})
