import type { PartitionBatch, Position, ReadOptions } from "@fabra/events"
import type { Redis } from "ioredis"
import { toBusError } from "./errors.js"
import type { PartitionKeys } from "./keys.js"
import type { Link } from "./link.js"
import { NodeReader } from "./node-reader.js"
import { toStreamId } from "./positions.js"
import { ReadSize } from "./read-size.js"
import { toRecords } from "./records.js"

/** Streams that one connection can wait for together. */
interface Share {
  readonly node: Redis
  readonly streams: Map<string, string>
  /** One of their keys, to be written where replicas must be waited for. */
  readonly barrier: string
}

/**
 * Reads partitions from wherever they are. On a single server one wait covers them all. A cluster refuses commands across
 * slots even on one of its servers, so there each partition has a connection of its own.
 */
export class LogReader {
  readonly #link: Link
  readonly #partitions: readonly PartitionKeys[]
  readonly #indexOf: ReadonlyMap<string, number>
  readonly #size = new ReadSize()
  readonly #readers = new Map<string, NodeReader>()

  constructor(link: Link, partitions: readonly PartitionKeys[]) {
    this.#link = link
    this.#partitions = partitions
    this.#indexOf = new Map(partitions.map(({ events, index }) => [events, index]))
  }

  /** As `PartitionedLog.read`. @throws FabraError `bus_unavailable` */
  async read(cursors: ReadonlyMap<number, Position | null>, options: ReadOptions): Promise<PartitionBatch[]> {
    try {
      const shares = await this.#share(cursors)
      const count = this.#size.next(cursors.size, options.maxEvents)
      const batches = await this.#readAll(shares, count, options)
      this.#size.learn(batches)
      return batches
    } catch (error) {
      throw toBusError(error)
    }
  }

  /** Lets go of every connection. A read in flight brings nothing. */
  close(): void {
    for (const reader of this.#readers.values()) reader.close()
    this.#readers.clear()
  }

  async #share(cursors: ReadonlyMap<number, Position | null>): Promise<Map<string, Share>> {
    const shares = new Map<string, Share>()
    let node: Redis | undefined
    for (const [index, position] of cursors) {
      const { events, barrier } = this.#partitions[index] as PartitionKeys
      if (node === undefined || this.#link.isCluster) node = await this.#link.node(events)
      const name = this.#link.isCluster ? `${node.options.host}:${node.options.port} ${index}` : ""
      const share = shares.get(name) ?? { node, streams: new Map(), barrier }
      share.streams.set(events, toStreamId(position))
      shares.set(name, share)
    }
    return shares
  }

  /** The first connection with news ends the wait of the others. One that fails takes nothing from them. */
  async #readAll(shares: ReadonlyMap<string, Share>, count: number, options: ReadOptions): Promise<PartitionBatch[]> {
    const [[name, share] = [], ...others] = shares
    if (name !== undefined && share && others.length === 0) return await this.#readShare(name, share, count, options)
    const enough = new AbortController()
    const stop = () => enough.abort()
    if (options.signal?.aborted) stop()
    options.signal?.addEventListener("abort", stop, { once: true })
    try {
      const reads = [...shares].map(async ([name, share]) => {
        const batches = await this.#readShare(name, share, count, { ...options, signal: enough.signal })
        if (batches.length > 0) stop()
        return batches
      })
      const outcomes = await Promise.allSettled(reads)
      const batches = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []))
      const failed = outcomes.find((outcome) => outcome.status === "rejected")
      if (failed && batches.length === 0) throw failed.reason
      return batches
    } finally {
      options.signal?.removeEventListener("abort", stop)
    }
  }

  async #readShare(
    name: string,
    { node, streams, barrier }: Share,
    count: number,
    { maxWaitMs, signal }: ReadOptions,
  ): Promise<PartitionBatch[]> {
    let reader = this.#readers.get(name)
    if (reader === undefined) {
      reader = new NodeReader(node, this.#link.timeoutMs, this.#link.clock)
      this.#readers.set(name, reader)
    }
    const unblock = (clientId: number) => node.client("UNBLOCK", clientId)
    try {
      const reply = await reader.read({ streams, count, waitMs: maxWaitMs, signal, barrier, unblock })
      return (reply ?? []).map(([key, entries]) => ({
        partition: this.#indexOf.get(key) as number,
        records: toRecords(entries),
      }))
    } catch (error) {
      this.#link.learnFrom(error)
      throw error
    }
  }
}
