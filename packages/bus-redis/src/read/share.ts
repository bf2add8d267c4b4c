import { type PartitionBatch, sleep } from "@fabra/events/adapter"
import { addressOf } from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import type { PartitionKeys } from "../keyspace/keys.js"
import type { Link } from "../transport/link.js"
import { NodeReader } from "./node-reader.js"
import { toRecords } from "./records.js"
import type { ReplicaWatch } from "./replica-watch.js"

const RETRY_PAUSE_MS = 100

/** What one read of a share came to. */
export interface Outcome {
  readonly batches: readonly PartitionBatch[]
  /** Why nothing could be read. */
  readonly error?: unknown
}

/** Stream key → stream id after which to read. */
type Streams = ReadonlyMap<string, string>

/** The records that one read of a share asks for. */
export interface ShareRead {
  readonly streams: Streams
  /** Most entries of each stream. */
  readonly count: number
  readonly maxWaitMs: number
  readonly signal: AbortSignal | undefined
  /** Tries again, as long as the read may wait, instead of failing. */
  readonly isPatient: boolean
}

/** A read under way, or one whose outcome nobody has fetched yet. */
interface Reading {
  readonly streams: Streams
  readonly over: Promise<Outcome>
  outcome: Outcome | undefined
}

/**
 * Streams that one connection waits for together. A read that is not over when its caller goes is fetched by the next
 * one: so a server that does not answer holds up nothing but its own streams.
 */
export class Share {
  readonly partitions: readonly PartitionKeys[]
  /** It could not be read the last time. */
  isFailing = false
  readonly #link: Link
  readonly #replicas: ReplicaWatch
  readonly #indexOf: ReadonlyMap<string, number>
  #reader: { readonly address: string; readonly node: NodeReader } | undefined
  #reading: Reading | undefined

  constructor(link: Link, replicas: ReplicaWatch, partitions: readonly PartitionKeys[]) {
    this.#link = link
    this.#replicas = replicas
    this.partitions = partitions
    this.#indexOf = new Map(partitions.map(({ events, index }) => [events, index]))
  }

  /** Reads on from these cursors, once the read is over that was left to it. */
  start(wanted: ShareRead): Promise<Outcome> {
    const { clock } = this.#link
    const { streams, maxWaitMs, signal } = wanted
    const deadline = clock.now() + maxWaitMs
    const before = this.#reading
    const read = () => this.#read(wanted, deadline)
    const over = before
      ? before.over.then((outcome) => {
          const isNew = outcome.batches.length > 0 || outcome.error !== undefined
          if (isNew && areSame(before.streams, streams)) return outcome
          return signal?.aborted || clock.now() > deadline ? { batches: [] } : read()
        })
      : read()
    const reading: Reading = { streams, over, outcome: undefined }
    over.then((outcome) => {
      reading.outcome = outcome
    })
    this.#reading = reading
    return over
  }

  /** True while a read that was started is under way. */
  get isReading(): boolean {
    return this.#reading !== undefined && this.#reading.outcome === undefined
  }

  /** The outcome of the read that was started, `undefined` when it is not over. The next {@link start} reads anew. */
  fetch(): Outcome | undefined {
    const outcome = this.#reading?.outcome
    if (outcome === undefined) return undefined
    this.#reading = undefined
    this.isFailing = outcome.error !== undefined
    return outcome
  }

  /** Lets go of the connection. A read in flight brings nothing. */
  close(): void {
    this.#reader?.node.close()
  }

  async #read(wanted: ShareRead, deadline: number): Promise<Outcome> {
    const { clock } = this.#link
    const { signal, isPatient } = wanted
    for (;;) {
      try {
        return { batches: await this.#readOnce(wanted, deadline - clock.now()) }
      } catch (error) {
        this.#link.learnFrom(error)
        if (!isPatient || signal?.aborted || clock.now() + RETRY_PAUSE_MS > deadline) return { batches: [], error }
        await sleep(clock, RETRY_PAUSE_MS, signal)
      }
    }
  }

  async #readOnce({ streams, count, signal }: ShareRead, waitMs: number): Promise<PartitionBatch[]> {
    const { events, barrier } = this.partitions[0] as PartitionKeys
    const { redis } = await this.#link.server(events)
    const unblock = (clientId: number) => redis.client("UNBLOCK", clientId)
    const reader = this.#readerOf(redis)
    const reply = (await reader.read({ streams, count, waitMs, signal, barrier, unblock })) ?? []
    return reply.map(([key, entries]) => ({
      partition: this.#indexOf.get(key) as number,
      records: toRecords(entries),
    }))
  }

  /** The streams may have moved to another server, which takes another connection. */
  #readerOf(redis: Redis): NodeReader {
    const address = addressOf(redis)
    if (this.#reader?.address !== address) {
      this.#reader?.node.close()
      const { timeoutMs, clock, isCluster } = this.#link
      const options = { timeoutMs, clock, isCluster, replicas: this.#replicas }
      this.#reader = { address, node: new NodeReader(redis, options) }
    }
    return this.#reader.node
  }
}

function areSame(one: Streams, other: Streams): boolean {
  return one.size === other.size && [...one].every(([key, id]) => other.get(key) === id)
}
