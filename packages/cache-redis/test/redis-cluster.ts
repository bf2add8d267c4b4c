import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Cluster, type ClusterOptions, Redis } from "ioredis"
import { eventually } from "./support.js"

const SLOTS = 16_384

/** A private Redis Cluster of three masters, and a replica of the first. */
export interface TestCluster {
  readonly masters: readonly RedisTestServer[]
  readonly replica: RedisTestServer
  /** A new client. The test disconnects it. */
  client(options?: ClusterOptions): Cluster
  stop(): Promise<void>
}

/** Starts the servers and joins them. */
export async function startRedisCluster(): Promise<TestCluster> {
  const servers = await Promise.all(Array.from({ length: 4 }, startNode))
  const admins = servers.map(({ url }) => new Redis(url))
  const [first, second, third, fourth] = admins as [Redis, Redis, Redis, Redis]
  const ranges = [
    [first, 0, 5_460],
    [second, 5_461, 10_922],
    [third, 10_923, SLOTS - 1],
  ] as const
  for (const [admin, from, to] of ranges) await admin.cluster("ADDSLOTSRANGE", from, to)
  for (const { port } of servers.slice(1)) await first.cluster("MEET", "127.0.0.1", port)
  const id = await first.cluster("MYID")
  await eventually(async () => fourth.cluster("REPLICATE", id))
  for (const admin of admins) {
    await eventually(async () => {
      const [info, slots] = [await admin.cluster("INFO"), await admin.cluster("SLOTS")]
      return (/cluster_state:ok/.test(info) && /cluster_known_nodes:4/.test(info) && slots.length === 3) || undefined
    })
  }
  await eventually(async () => /master_link_status:up/.test(await fourth.info("replication")) || undefined)
  for (const admin of admins) admin.disconnect()
  return {
    masters: servers.slice(0, 3),
    replica: servers[3] as RedisTestServer,
    client: (options) =>
      new Cluster(
        servers.map(({ port }) => ({ host: "127.0.0.1", port })),
        { slotsRefreshTimeout: 5_000, ...options },
      ),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

async function startNode(): Promise<RedisTestServer> {
  const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"]
  for (let tries = 1; ; tries++) {
    try {
      return await startRedisServer({ appendOnly: true, args })
    } catch (error) {
      // A node's second port is its first plus 10,000, which does not always exist.
      if (tries === 20) throw error
    }
  }
}
