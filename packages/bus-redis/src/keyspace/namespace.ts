import { FabraError } from "@fabra/events"
import { DEFAULT_PARTITIONS } from "@fabra/events/adapter"
import type { Settings } from "../options.js"
import type { Link } from "../transport/link.js"
import type { Keys, PartitionKeys } from "./keys.js"

/** What is fixed when a namespace is first used: its number of partitions. */
export class Namespace {
  readonly keys: Keys
  readonly #link: Link
  readonly #settings: Settings
  #partitions: Promise<PartitionKeys[]> | undefined

  constructor(keys: Keys, link: Link, settings: Settings) {
    this.keys = keys
    this.#link = link
    this.#settings = settings
  }

  /**
   * The partitions of the namespace, which is created if it is new.
   * @throws FabraError `partition_mismatch`, `bus_unavailable`
   */
  partitions(): Promise<PartitionKeys[]> {
    if (this.#partitions === undefined) {
      this.#partitions = this.#agree(this.#settings.partitions).then(({ count }) => this.keys.partitions(count))
      this.#partitions.catch(() => {
        this.#partitions = undefined
      })
    }
    return this.#partitions
  }

  /**
   * Looks whether the namespace still has as many partitions as we think; creates it again if it is gone.
   * @returns whether it was there @throws FabraError `partition_mismatch`, `bus_unavailable`
   */
  async check(): Promise<boolean> {
    const count = (await this.partitions()).length
    return !(await this.#agree(count)).isNew
  }

  async #agree(wanted: number | undefined): Promise<{ count: number; isNew: boolean }> {
    const { meta } = this.keys
    const now = new Date(this.#settings.clock.now()).toISOString()
    const stored = await this.#link.run(meta, async (redis) => {
      // Looked at before it is written: looking is allowed when memory is full.
      const known = await redis.hget(meta, "partitions")
      if (known !== null) return { count: Number(known), isNew: false }
      const [added, , count] = await Promise.all([
        redis.hsetnx(meta, "partitions", wanted ?? DEFAULT_PARTITIONS),
        redis.hsetnx(meta, "created_at", now),
        redis.hget(meta, "partitions"),
      ])
      return { count: Number(count), isNew: added === 1 }
    })
    if (wanted === undefined || wanted === stored.count) return stored
    throw new FabraError(
      "partition_mismatch",
      `The namespace "${this.#settings.namespace}" has ${stored.count} partitions, not ${wanted}. The number is fixed when a ` +
        `namespace is first used: leave out partitions, say ${stored.count}, or use another namespace.`,
      { path: "partitions" },
    )
  }
}
