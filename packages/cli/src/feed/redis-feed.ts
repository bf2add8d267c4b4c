import { createRedisClient } from "@fabra/bus-redis"
import { FabraError } from "@fabra/events"
import { Cluster, type Redis } from "ioredis"
import { toJson } from "../terminal/output.js"
import type { AppliedFeed, AppliedNotices } from "./feed.js"

/** Where workers tell what they have applied. */
export function appliedChannel(namespace: string): string {
  return `${namespace}:applied`
}

/** The feed over a Redis channel, `<namespace>:applied`. */
export class RedisFeed implements AppliedFeed {
  readonly #channel: string
  readonly #publisher: Redis | Cluster

  /** Connects with the first use. */
  constructor(
    private readonly address: Parameters<typeof createRedisClient>[0],
    namespace: string,
  ) {
    this.#channel = appliedChannel(namespace)
    this.#publisher = createRedisClient(address, { maxRetriesPerRequest: 0, commandTimeout: 1_000 })
    this.#publisher.on("error", () => {}) // the bus tells of a Redis that is away
  }

  async publish(notices: AppliedNotices): Promise<number> {
    const text = notices.applied.length + notices.skipped === 0 ? "" : toJson(notices)
    const receivers = await this.#publisher.publish(this.#channel, text)
    return receivers > 0 || !(this.#publisher instanceof Cluster) ? receivers : await this.#countOn(this.#publisher)
  }

  /** What is published reaches those who listen at any node of a cluster, but a node counts only its own. */
  async #countOn(cluster: Cluster): Promise<number> {
    const count = async (node: Redis) => Number((await node.pubsub("NUMSUB", this.#channel))[1])
    const counts = await Promise.all(cluster.nodes().map((node) => count(node).catch(() => 0)))
    return counts.reduce((sum, one) => sum + one, 0)
  }

  async subscribe(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void> {
    // Once connected it subscribes again by itself after a lost connection.
    const subscriber = createRedisClient(this.address)
    signal.addEventListener("abort", () => subscriber.disconnect(), { once: true })
    let lastError: Error | undefined
    subscriber.on("error", (error: Error) => {
      lastError = error
    })
    subscriber.on("message", (_channel, message: string) => {
      const notices = parseNotices(message)
      if (notices !== undefined) onNotices(notices)
    })
    try {
      await subscriber.connect()
      await subscriber.subscribe(this.#channel)
    } catch (error) {
      subscriber.disconnect()
      throw new FabraError("bus_unavailable", `Redis: ${(lastError ?? (error as Error)).message}`, { cause: error })
    }
  }

  close(): void {
    this.#publisher.disconnect()
  }
}

/** `undefined` for what is no message of a worker, or one that only asks whether anybody listens. */
function parseNotices(message: string): AppliedNotices | undefined {
  try {
    const { applied, skipped } = JSON.parse(message)
    return Array.isArray(applied) && Number.isInteger(skipped) ? { applied, skipped } : undefined
  } catch {
    return undefined
  }
}
