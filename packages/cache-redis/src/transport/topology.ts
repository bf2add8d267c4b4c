import { type Cluster, Command, type Redis } from "ioredis"
import type { Deadline } from "./deadline.js"
import { RedisNode } from "./node.js"

/** Which node serves which key. */
export interface Topology {
  /** Keys lie on several nodes, and one command may name the keys of one slot only. */
  readonly spread: boolean
  /** The nodes that take writes, as far as known. */
  masters(): RedisNode[]
  /** Finds the nodes of keys as known now; `undefined` for a key whose node is not known. */
  locator(): (key: string) => RedisNode | undefined
  /** The node at `host:port`, if it is known. */
  at(address: string): RedisNode | undefined
  /** Learns anew who serves what. Never rejects. */
  refresh(deadline: Deadline): Promise<void>
  /** Ends the connections that are ours. */
  close(): void
}

/** A single server: one node serves all. */
export function singleServer(node: RedisNode): Topology {
  return {
    spread: false,
    masters: () => [node],
    locator: () => () => node,
    at: () => node,
    refresh: async () => {},
    close: () => node.close(),
  }
}

/**
 * A Redis Cluster. Commands go to its nodes directly instead of through ioredis's Cluster, for two reasons: only so is it
 * known which process answered, and one pipeline can carry keys of many slots.
 */
export class ClusterTopology implements Topology {
  readonly spread = true
  readonly #cluster: Cluster
  readonly #nodes = new WeakMap<Redis, RedisNode>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  masters(): RedisNode[] {
    return this.#cluster.nodes("master").map((redis) => this.#node(redis))
  }

  locator(): (key: string) => RedisNode | undefined {
    const byAddress = new Map(this.#cluster.nodes("master").map((redis) => [addressOf(redis), redis]))
    return (key) => {
      // The driver's own way to a key's slot; the command is never sent.
      const slot = new Command("exists", [key]).getSlot()
      const redis = byAddress.get(this.#cluster.slots[slot]?.[0] ?? "")
      return redis && this.#node(redis)
    }
  }

  at(address: string): RedisNode | undefined {
    const redis = this.#cluster.nodes().find((node) => addressOf(node) === address)
    return redis && this.#node(redis)
  }

  async refresh(deadline: Deadline): Promise<void> {
    // Fails while the cluster connects, is down, or was closed: the caller's commands find no node then, and say so.
    const done =
      this.#cluster.status === "wait"
        ? this.#cluster.connect()
        : new Promise<void>((resolve) => this.#cluster.refreshSlotsCache(() => resolve()))
    await deadline.race(done).catch(() => {})
  }

  close(): void {}

  #node(redis: Redis): RedisNode {
    let node = this.#nodes.get(redis)
    if (node === undefined) {
      node = new RedisNode(redis, { inCluster: true })
      this.#nodes.set(redis, node)
    }
    return node
  }
}

function addressOf(redis: Redis): string {
  return `${redis.options.host}:${redis.options.port}`
}
