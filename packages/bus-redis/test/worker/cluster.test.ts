import { setTimeout as delay } from "node:timers/promises"
import { type RedisTestCluster, type RedisTestServer, startRedisCluster } from "@fabra/testing"
import slotOf from "cluster-key-slot"
import { Cluster, Redis } from "ioredis"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { isExternal } from "../support.js"
import { streamOf, World } from "./world.js"

const ENTITIES = Array.from({ length: 40 }, (_, i) => `u${i}`)

describe.skipIf(isExternal)("workers on a Redis Cluster", () => {
  let servers: RedisTestCluster
  let world: World
  let raw: Cluster

  beforeEach(async () => {
    servers = await startRedisCluster()
    const client = () => new Cluster([...servers.nodes], { lazyConnect: true, redisOptions: servers.user })
    raw = new Cluster([...servers.nodes], { lazyConnect: true })
    raw.on("error", () => {})
    world = new World({ namespace: "w", client })
  })
  afterEach(async () => {
    await world.close()
    raw.disconnect()
    await servers.stop()
  })

  /** Publishes for every entity, again and again, until told to stop. */
  function traffic() {
    let isOver = false
    let rounds = 0
    const running = (async () => {
      for (; !isOver; rounds++) await world.publish(ENTITIES, { durability: "replicated" })
    })()
    return {
      async goesOn(more: number) {
        const end = rounds + more
        while (rounds < end) await Promise.race([delay(5), running])
      },
      async stop() {
        isOver = true
        await running
      },
    }
  }

  async function ask<T>({ adminUrl }: RedisTestServer, question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(adminUrl)
    try {
      return await question(redis)
    } finally {
      redis.disconnect()
    }
  }

  const becomesMaster = (server: RedisTestServer) =>
    expect
      .poll(() => ask(server, (redis) => redis.role() as Promise<unknown[]>), { timeout: 30_000 })
      .toContain("master")

  test("a master is killed, its replica takes over, it comes back: all once, in order", {
    timeout: 120_000,
  }, async () => {
    for (let i = 0; i < 2; i++) world.start()
    const publishing = traffic()
    await publishing.goesOn(10)
    const [first, [heir] = []] = [servers.masters[0], servers.replicas[0]]
    await first?.kill()
    await becomesMaster(heir as RedisTestServer)
    await first?.restart()
    await publishing.goesOn(10)
    await publishing.stop()
    await world.expectApplied(raw)
  })

  test("a master hangs, its replica takes over, it wakes up and knows of nothing: all once, in order", async () => {
    for (let i = 0; i < 2; i++) world.start()
    const publishing = traffic()
    await publishing.goesOn(10)
    await servers.masters[0]?.kill("SIGSTOP")
    await becomesMaster(servers.replicas[0]?.[0] as RedisTestServer)
    await servers.masters[0]?.kill("SIGCONT")
    await publishing.goesOn(10)
    await publishing.stop()
    await world.expectApplied(raw)
  })

  test("a replica takes over from a master that lives: all once, in order", async () => {
    for (let i = 0; i < 2; i++) world.start()
    const publishing = traffic()
    for (const [replica] of servers.replicas) {
      await publishing.goesOn(5)
      await ask(replica as RedisTestServer, (redis) => redis.call("CLUSTER", "FAILOVER", "TAKEOVER"))
      await becomesMaster(replica as RedisTestServer)
    }
    await publishing.goesOn(10)
    await publishing.stop()
    await world.expectApplied(raw)
  })

  test("slots with a stream and with entities move: all once, in order", async () => {
    for (let i = 0; i < 2; i++) world.start()
    const publishing = traffic()
    const keys = [streamOf("w", "u0"), ...["u0", "u1"].map((id) => `w:entity:User/${id}`), "w:meta", "w:dlq"]
    for (const key of keys) {
      await publishing.goesOn(3)
      await move(slotOf(key))
    }
    await publishing.goesOn(10)
    await publishing.stop()
    await world.expectApplied(raw)
  })

  /** Moves a slot to another master, key by key, as `redis-cli --cluster reshard` does. */
  async function move(slot: number): Promise<void> {
    const masters = servers.masters.map(({ adminUrl }) => new Redis(adminUrl))
    try {
      const owner = Math.floor((slot * masters.length) / 16_384)
      const [from, to] = [masters[owner], masters[(owner + 1) % masters.length]] as [Redis, Redis]
      const [fromId, toId] = [await from.cluster("MYID"), await to.cluster("MYID")]
      await to.cluster("SETSLOT", slot, "IMPORTING", fromId)
      await from.cluster("SETSLOT", slot, "MIGRATING", toId)
      for (;;) {
        const [key] = await from.cluster("GETKEYSINSLOT", slot, 1)
        if (key === undefined) break
        await from.migrate("127.0.0.1", to.options.port as number, key, 0, 5_000)
        await delay(20) // so that what happens in between has time to happen
      }
      for (const node of [to, from]) await node.cluster("SETSLOT", slot, "NODE", toId)
    } finally {
      for (const node of masters) node.disconnect()
    }
  }
})
