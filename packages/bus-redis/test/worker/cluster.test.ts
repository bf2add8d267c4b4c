import { setTimeout as delay } from "node:timers/promises"
import { type RedisTestCluster, startRedisCluster } from "@fabra/testing"
import { Cluster, Redis } from "ioredis"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { isExternal } from "../support.js"
import { World } from "./world.js"

const ENTITIES = Array.from({ length: 40 }, (_, i) => `u${i}`)

describe.skipIf(isExternal)("workers on a Redis Cluster", () => {
  let servers: RedisTestCluster
  let world: World
  let raw: Cluster
  let round = 0

  beforeEach(async () => {
    servers = await startRedisCluster()
    raw = new Cluster([...servers.nodes])
    world = new World({
      namespace: `w${++round}`,
      client: () => new Cluster([...servers.nodes], { lazyConnect: true }),
    })
  })
  afterEach(async () => {
    await world.close()
    raw.disconnect()
    await servers.stop()
  })

  /** Publishes all the time until told to stop. */
  function traffic() {
    let isOver = false
    let rounds = 0
    const running = (async () => {
      for (; !isOver; rounds++) await world.publish(ENTITIES, { durability: "replicated" })
    })()
    return {
      async lasts(more: number) {
        const until = rounds + more
        while (rounds < until) await delay(5)
      },
      async stop() {
        isOver = true
        await running
      },
    }
  }

  async function role(server: { url: string }): Promise<string> {
    const redis = new Redis(server.url)
    try {
      return String(((await redis.role()) as unknown[])[0])
    } finally {
      redis.disconnect()
    }
  }

  test("a killed master: its replica takes over, nothing acknowledged is lost", async () => {
    world.start()
    world.start()
    const publishing = traffic()
    await publishing.lasts(10)
    await servers.masters[0]?.kill()
    const heir = servers.replicas[0]?.[0] as { url: string }
    await expect.poll(() => role(heir), { timeout: 30_000 }).toBe("master")
    await servers.masters[0]?.restart()
    await publishing.lasts(5)
    await publishing.stop()
    for (let i = 0; i < 8; i++) {
      await delay(3000)
      console.log(
        Date.now() % 100000,
        world.acknowledged.length,
        world.warnings.splice(0),
        await world.bus.lag("fabra_workers").catch(String),
      )
    }
    await world.expectApplied(raw)
    console.log(world.acknowledged.length, world.warnings)
  })
})
