import { setTimeout as delay } from "node:timers/promises"
import { askRedis, freePort, type RedisServerOptions, type RedisTestServer, startRedisServer } from "./redis-server.js"

const SLOTS = 16_384
const MEET_TIMEOUT_MS = 30_000

/** Options of {@link startRedisCluster}; those of a server count for each. */
export interface RedisClusterOptions extends RedisServerOptions {
  /** How many share the slots, evenly. Default 3. */
  readonly masters?: number
  /** How many replicas each of them has. Default 1. */
  readonly replicas?: number
  /** After how many milliseconds of silence a server counts as failed. Default 3,000: less, and a busy machine fails over unasked. */
  readonly nodeTimeoutMs?: number
}

/** A Redis Cluster for tests. Who is master and who replica is told as it was at the start. */
export interface RedisTestCluster {
  readonly masters: readonly RedisTestServer[]
  /** The replicas of each master, in the order of the masters. */
  readonly replicas: readonly (readonly RedisTestServer[])[]
  /** Where all of them are, as a client wants to be told. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** As whom clients are to connect: with `FABRA_TEST_REDIS_ACL` a user who is allowed no more than that says, else nobody. */
  readonly user: { readonly username?: string; readonly password?: string }
  /** Ends the servers and removes their files. Idempotent. */
  stop(): Promise<void>
}

/**
 * Starts private servers as {@link startRedisServer} does and joins them to a Redis Cluster. Resolves when every one of
 * them knows all others and every replica has its master's data.
 * @throws Error with `FABRA_TEST_REDIS_URL` set: somebody else's server cannot be made a part of one
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisTestCluster> {
  const { masters: count = 3, replicas: perMaster = 1 } = options
  const servers: RedisTestServer[] = []
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  try {
    const meetingPoints: string[] = []
    for (let i = 0; i < count * (1 + perMaster); i++) {
      const busPort = await freePort()
      servers.push(await startNode(busPort, options))
      meetingPoints.push(`127.0.0.1 ${(servers[i] as RedisTestServer).port} ${busPort}`)
    }
    const masters = servers.slice(0, count)
    const replicas = masters.map((_, i) => servers.slice(count + i * perMaster, count + (i + 1) * perMaster))
    await Promise.all(masters.map((master, i) => share(master, i, count)))
    await Promise.all(servers.slice(1).map((server) => command(server, `CLUSTER MEET ${meetingPoints[0]}`)))
    await Promise.all(servers.map((server) => shows(server, "CLUSTER INFO", `cluster_known_nodes:${servers.length}\r`)))
    await Promise.all(masters.flatMap((master, i) => (replicas[i] ?? []).map((replica) => follow(replica, master))))
    const isWhole = new RegExp(`(\\bslave\\b.*){${count * perMaster}}`, "s")
    for (const server of servers) {
      await shows(server, "CLUSTER INFO", /cluster_state:ok.*cluster_size:/s)
      await shows(server, "CLUSTER NODES", isWhole)
    }
    const { username, password } = new URL((masters[0] as RedisTestServer).url)
    const user = username === "" ? {} : { username, password }
    return { masters, replicas, nodes: servers.map(({ port }) => ({ host: "127.0.0.1", port })), user, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startNode(busPort: number, { nodeTimeoutMs = 3_000, args = [], ...rest }: RedisClusterOptions) {
  const cluster = [
    "--cluster-enabled",
    "yes",
    "--cluster-port",
    `${busPort}`,
    "--cluster-node-timeout",
    `${nodeTimeoutMs}`,
  ]
  const server = await startRedisServer({ ...rest, args: [...cluster, "--repl-diskless-sync-delay", "0", ...args] })
  if (server.isExternal) throw new Error("The server of FABRA_TEST_REDIS_URL cannot be made a part of a cluster.")
  return server
}

async function share(master: RedisTestServer, i: number, count: number): Promise<void> {
  const [from, end] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / count)) as [number, number]
  await command(master, `CLUSTER ADDSLOTSRANGE ${from} ${end - 1}`)
}

async function follow(replica: RedisTestServer, master: RedisTestServer): Promise<void> {
  await command(replica, `CLUSTER REPLICATE ${await command(master, "CLUSTER MYID")}`)
  await shows(replica, "INFO replication", "master_link_status:up")
}

async function command({ port }: RedisTestServer, text: string): Promise<string> {
  const reply = await askRedis(port, text)
  if (reply.startsWith("-")) throw new Error(`${text}: ${reply}`)
  return reply
}

/** Waits until the server's answer to a question reads like this. */
async function shows({ port }: RedisTestServer, question: string, pattern: string | RegExp): Promise<void> {
  for (const start = Date.now(); Date.now() - start < MEET_TIMEOUT_MS; ) {
    const reply = await askRedis(port, question)
    if (typeof pattern === "string" ? reply.includes(pattern) : pattern.test(reply)) return
    await delay(20)
  }
  throw new Error(`The server on port ${port} did not show ${pattern} within ${MEET_TIMEOUT_MS} ms.`)
}
