import { type PartitionBatch, sleep } from "@fabra/events"
import type { PartitionKeys } from "../keyspace/keys.js"
import type { Link } from "../transport/link.js"
import { NodeReader } from "./node-reader.js"
import { toRecords } from "./records.js"

const RETRY_PAUSE_MS = 100

/** What one read of a share came to. */
export interface Outcome {
  readonly batches: readonly PartitionBatch[]
  /** Why nothing could be read. */
  readonly error?: unknown
}

/** Stream key → stream id after which to read. */
type Streams = ReadonlyMap<string, string>

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
  readonly #indexOf: ReadonlyMap<string, number>
  #reader: { readonly address: string; readonly node: NodeReader } | undefined
  #reading: Reading | undefined

  constructor(link: Link, partitions: readonly PartitionKeys[]) {
    this.#link = link
    this.partitions = partitions
    this.#indexOf = new Map(partitions.map(({ events, index }) => [events, index]))
  }

  /**
   * Reads on from these cursors, once the read is over that was left to it.
   * @param patient tries again, as long as the read may wait, instead of failing
   */
  start(
    streams: Streams,
    count: number,
    maxWaitMs: number,
    signal: AbortSignal | undefined,
    patient: boolean,
  ): Promise<Outcome> {
    const { clock } = this.#link
    const deadline = clock.now() + maxWaitMs
    const before = this.#reading
    const read = () => this.#read(streams, count, deadline, signal, patient)
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

  async #read(
    streams: Streams,
    count: number,
    deadline: number,
    signal: AbortSignal | undefined,
    patient: boolean,
  ): Promise<Outcome> {
    const { clock } = this.#link
    for (;;) {
      try {
        return { batches: await this.#readOnce(streams, count, deadline - clock.now(), signal) }
      } catch (error) {
        this.#link.learnFrom(error)
        if (!patient || signal?.aborted || clock.now() + RETRY_PAUSE_MS > deadline) return { batches: [], error }
        await sleep(clock, RETRY_PAUSE_MS, signal)
      }
    }
  }

  async #readOnce(
    streams: Streams,
    count: number,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<PartitionBatch[]> {
    const { events, barrier } = this.partitions[0] as PartitionKeys
    const node = await this.#link.node(events)
    const unblock = (clientId: number) => node.client("UNBLOCK", clientId)
    const reader = this.#readerOf(`${node.options.host}:${node.options.port}`, () => {
      return new NodeReader(node, this.#link.timeoutMs, this.#link.clock)
    })
    const reply = (await reader.read({ streams, count, waitMs, signal, barrier, unblock })) ?? []
    return reply.map(([key, entries]) => ({
      partition: this.#indexOf.get(key) as number,
      records: toRecords(entries),
    }))
  }

  /** The streams may have moved to another server, which takes another connection. */
  #readerOf(address: string, make: () => NodeReader): NodeReader {
    if (this.#reader?.address !== address) {
      this.#reader?.node.close()
      this.#reader = { address, node: make() }
    }
    return this.#reader.node
  }
}

function areSame(one: Streams, other: Streams): boolean {
  return one.size === other.size && [...one].every(([key, id]) => other.get(key) === id)
}
