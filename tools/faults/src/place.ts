import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type RedisTestCluster, type RedisTestServer, startRedisCluster, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import type { Address } from "./plan.js"
import { until } from "./until.js"

const REPLICA_LIMIT_MS = 60_000
/** Short, but a machine that is busy must not look like one that is dead. */
const NODE_TIMEOUT_MS = 2_000

/** `one` server, the same with a `replica`, `two` (the cache on its own), or a `cluster` of three masters with a replica each. */
export type PlaceKind = "one" | "replica" | "two" | "cluster"

/** The Redis servers of a trial. */
export class Place {
  readonly address: Address
  /** All servers; of a cluster first those that began as masters, then the replica of each. */
  readonly servers: readonly RedisTestServer[]
  /** The replica of the one server, where it has one. */
  replica: RedisTestServer | undefined
  /** Where the cache keeps its files when it has a server of its own. */
  readonly cacheDirectory: string | undefined
  readonly #cluster: RedisTestCluster | undefined
  readonly #clients = new Map<RedisTestServer, Redis>()

  private constructor(servers: readonly RedisTestServer[], cluster?: RedisTestCluster, cacheDirectory?: string) {
    const ports = servers.map(({ port }) => port)
    this.servers = servers
    this.cacheDirectory = cacheDirectory
    this.#cluster = cluster
    const { username, password } = new URL(servers[0]?.url ?? "")
    const user = username === "" ? {} : { username, password }
    this.address = cluster
      ? { isCluster: true, bus: ports, cache: ports, user }
      : { isCluster: false, bus: ports.slice(0, 1), cache: ports.slice(-1), user }
  }

  static async start(kind: PlaceKind): Promise<Place> {
    if (kind === "cluster") {
      const cluster = await startRedisCluster({ appendOnly: true, nodeTimeoutMs: NODE_TIMEOUT_MS })
      return new Place([...cluster.masters, ...cluster.replicas.flat()], cluster)
    }
    const bus = await startRedisServer({ appendOnly: true })
    if (kind === "one") return new Place([bus])
    if (kind === "replica") return await new Place([bus]).#withReplica(bus)
    const directory = await mkdtemp(join(tmpdir(), "fabra-faults-"))
    const cache = await startRedisServer({ appendOnly: true, args: ["--dir", directory] })
    return new Place([bus, cache], undefined, directory)
  }

  async #withReplica(master: RedisTestServer): Promise<this> {
    this.replica = await startRedisServer({ args: ["--replicaof", `127.0.0.1 ${master.port}`] })
    if (await this.#isFollowed(master)) return this
    throw new Error("The replica does not follow its master.")
  }

  #isFollowed(master: RedisTestServer): Promise<boolean> {
    return until(async () => /state=online/.test(await this.client(master).info("replication")), REPLICA_LIMIT_MS)
  }

  /** An ordinary client of one server, to look at it and to give it orders. */
  client(server: RedisTestServer): Redis {
    let client = this.#clients.get(server)
    if (client === undefined) {
      client = new Redis(server.adminUrl, { maxRetriesPerRequest: null, autoResendUnfulfilledCommands: false })
      client.on("error", () => {})
      this.#clients.set(server, client)
    }
    return client
  }

  /** The servers that take writes now. */
  async masters(): Promise<RedisTestServer[]> {
    if (this.#cluster === undefined) return [...this.servers]
    const roles = await Promise.all(this.servers.map((server) => this.client(server).info("replication")))
    return this.servers.filter((_, i) => roles[i]?.includes("role:master"))
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.disconnect()
    await Promise.all(this.servers.map((server) => server.stop()))
    await this.replica?.stop()
    await this.#cluster?.stop()
    if (this.cacheDirectory !== undefined) await rm(this.cacheDirectory, { recursive: true, force: true })
  }
}
