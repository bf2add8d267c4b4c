import slotOf from "cluster-key-slot"
import type { Cluster, Redis } from "ioredis"
import { Connection } from "./connection.js"
import type { Deadline } from "./deadline.js"
import { isCluster } from "./open.js"
import { RedisServer, type ServerOptions } from "./server.js"

export { slotOf }

/**
 * A single server, or the servers of a Redis Cluster: the only place that knows which server has a key. Commands go to the
 * nodes of a cluster directly instead of through ioredis's Cluster: only so is it known which process answered, and one
 * write carries keys of many slots.
 */
export class Servers {
  readonly #single: RedisServer | undefined
  readonly #cluster: Connection<Cluster> | undefined
  readonly #options: ServerOptions
  readonly #nodes = new WeakMap<Redis, RedisServer>()

  constructor(client: Redis | Cluster, options: Omit<ServerOptions, "isInCluster">) {
    this.#options = { ...options, isInCluster: isCluster(client) }
    if (isCluster(client)) this.#cluster = new Connection(client, options.isOwn)
    else this.#single = new RedisServer(client, this.#options)
  }

  /** Keys may lie on different servers, and one command may name the keys of one slot only. */
  get isCluster(): boolean {
    return this.#cluster !== undefined
  }

  /** The servers that accept writes, as far as known. */
  masters(): RedisServer[] {
    if (this.#single !== undefined) return [this.#single]
    return this.#nodesOf("master").map((redis) => this.#server(redis))
  }

  /** Asks every master; one that does not answer rejects its own answer only. */
  ask<T>(question: (redis: Redis) => Promise<T>, deadline: Deadline): Promise<PromiseSettledResult<T>[]> {
    const answers = this.masters().map(async (server) => {
      await server.ready(deadline)
      return await server.answer(question(server.redis), deadline)
    })
    return Promise.allSettled(answers)
  }

  /** Finds the servers of keys as known now; `undefined` for a key whose server is not known. */
  locator(): (key: string) => RedisServer | undefined {
    if (this.#single !== undefined) return () => this.#single
    const byAddress = new Map(this.#nodesOf("master").map((redis) => [addressOf(redis), redis]))
    return (key) => {
      const redis = byAddress.get(this.#cluster?.client.slots[slotOf(key)]?.[0] ?? "")
      return redis && this.#server(redis)
    }
  }

  /** The server of the cluster at `host:port`, if it is known. */
  at(address: string): RedisServer | undefined {
    const redis = this.#nodesOf("all").find((node) => addressOf(node) === address)
    return redis && this.#server(redis)
  }

  /** Waits until it is known who has which keys. @throws NotConnected, Closed */
  async ready(deadline: Deadline): Promise<void> {
    await this.#cluster?.ready(deadline)
  }

  /** Learns anew who has which keys. Never rejects: commands then find no server, and say so. */
  async refresh(deadline: Deadline): Promise<void> {
    if (this.#cluster === undefined) return
    const { client } = this.#cluster
    const refreshed =
      client.status === "ready"
        ? new Promise<void>((resolve) => client.refreshSlotsCache(() => resolve()))
        : this.ready(deadline)
    await deadline.race(refreshed).catch(() => {})
  }

  /** Closes connections of our own. Commands in flight fail. */
  close(): void {
    this.#single?.close()
    this.#cluster?.close()
  }

  #nodesOf(role: "master" | "all"): Redis[] {
    return this.#cluster?.client.nodes(role) ?? []
  }

  #server(redis: Redis): RedisServer {
    let server = this.#nodes.get(redis)
    if (server === undefined) {
      server = new RedisServer(redis, this.#options)
      this.#nodes.set(redis, server)
    }
    return server
  }
}

/** Where a connection leads: `host:port`, or the path of a socket. */
export function addressOf({ options: { path, host, port } }: Redis): string {
  return path ?? `${host}:${port}`
}
