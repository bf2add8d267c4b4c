import { setMaxListeners } from "node:events"
import type { BusNotice, Position } from "@fabra/events"
import type { PartitionBatch, ReadOptions } from "@fabra/events/adapter"
import { NoAnswer } from "@fabra/redis-transport"
import type { PartitionKeys } from "../keyspace/keys.js"
import { partitionNames } from "../keyspace/partition-names.js"
import { toStreamId } from "../keyspace/positions.js"
import { toBusError } from "../transport/errors.js"
import type { Link } from "../transport/link.js"
import { ReadSize } from "./read-size.js"
import type { ReplicaWatch } from "./replica-watch.js"
import { Share } from "./share.js"

/** When there is news, how long those that were asked as well may take to bring theirs. */
const GRACE_MS = 50
/** When there is none, how long after the wait an answer may take before it is left to the next read. */
const PATIENCE_MS = 1_000

/** Why the others are told to stop: as an error made for each read, with its stack, it would cost more than the rest. */
const ENOUGH = new Error("enough was read")

/** The partitions to read, and the listener for notices. */
export interface LogReaderOptions {
  readonly partitions: readonly PartitionKeys[]
  readonly replicas: ReplicaWatch
  readonly onNotice: (notice: BusNotice) => void
}

type Cursors = ReadonlyMap<number, Position | null>

/**
 * Reads partitions from wherever they are. On a single server one wait covers them all. A cluster refuses commands across
 * slots even on one of its servers, so there each partition has a connection of its own, and goes on while the servers
 * of others are away.
 */
export class LogReader {
  readonly #link: Link
  readonly #onNotice: (notice: BusNotice) => void
  readonly #shares: readonly Share[]
  readonly #size = new ReadSize()
  /** Of each partition, by its number, where it was read from the last time: few have moved since. */
  readonly #ids: { readonly after: Position | null; readonly id: string }[] = []
  /** Of which it was said that they do not answer. */
  readonly #silent = new Set<Share>()

  constructor(link: Link, { partitions, replicas, onNotice }: LogReaderOptions) {
    this.#link = link
    this.#onNotice = onNotice
    const alone = partitions.map((keys) => [keys])
    this.#shares = (link.isCluster ? alone : [partitions]).map((together) => new Share(link, replicas, together))
  }

  /** As `PartitionedLog.read`. @throws FabraError `bus_unavailable` when none of the partitions can be read */
  async read(cursors: Cursors, options: ReadOptions): Promise<PartitionBatch[]> {
    const shares = this.#shares.filter(({ partitions }) => partitions.some(({ index }) => cursors.has(index)))
    const count = this.#size.next(cursors.size, options.maxEvents)
    await this.#readAll(shares, cursors, count, options)
    const outcomes = shares.map((share) => share.fetch())
    if (shares.length > 0 && !options.signal?.aborted && outcomes.every((outcome) => outcome === undefined)) {
      throw toBusError(new NoAnswer("no answer yet"))
    }
    const errors = outcomes.map((outcome) => outcome?.error)
    if (errors.length > 0 && errors.every((error) => error !== undefined)) throw toBusError(errors[0])
    this.#tell(shares, errors)
    const batches = outcomes.flatMap((outcome) => outcome?.batches ?? [])
    this.#size.learn(batches)
    return batches
  }

  /** Lets go of every connection. A read in flight brings nothing. */
  close(): void {
    for (const share of this.#shares) share.close()
  }

  /** The first share with news ends the wait of the others. One that did not answer the last time is not waited for. */
  #readAll(shares: readonly Share[], cursors: Cursors, count: number, options: ReadOptions): Promise<void> {
    const { clock } = this.#link
    const { maxWaitMs, signal } = options
    const well = shares.filter(({ isFailing, isReading }) => !isFailing && !isReading)
    const awaited = new Set(well.length > 0 ? well : shares)
    // One alone has nobody to be told of: it ends with the wait, or with the caller's own signal.
    const enough = shares.length > 1 ? new AbortController() : undefined
    // On a cluster each partition's read listens, which Node would warn of from the eleventh on.
    if (enough !== undefined) setMaxListeners(0, enough.signal)
    return new Promise((resolve) => {
      let isStopping = false
      const end = () => {
        enough?.abort(ENOUGH)
        timer.cancel()
        signal?.removeEventListener("abort", hurry)
        resolve()
      }
      const stop = (graceMs: number) => {
        if (isStopping) return
        isStopping = true
        enough?.abort(ENOUGH)
        timer.cancel()
        timer = clock.setTimer(end, graceMs)
      }
      const hurry = () => stop(PATIENCE_MS)
      let timer = clock.setTimer(hurry, maxWaitMs)
      if (signal?.aborted) hurry()
      else signal?.addEventListener("abort", hurry, { once: true })
      for (const share of shares) {
        const reading = share.start({
          streams: this.#streamsOf(share, cursors),
          count,
          maxWaitMs,
          signal: enough?.signal ?? signal,
          isPatient: enough !== undefined,
        })
        reading.then(({ batches }) => {
          if (awaited.delete(share) && awaited.size === 0) end()
          else if (batches.length > 0) stop(GRACE_MS)
        })
      }
      if (awaited.size === 0) end()
    })
  }

  /** The streams of a share that are asked for, and after which id. */
  #streamsOf({ partitions }: Share, cursors: Cursors): Map<string, string> {
    const streams = new Map<string, string>()
    for (const { events, index } of partitions) {
      const after = cursors.get(index)
      if (after !== undefined) streams.set(events, this.#idAfter(index, after))
    }
    return streams
  }

  #idAfter(index: number, after: Position | null): string {
    const known = this.#ids[index]
    if (known?.after === after) return known.id
    const id = toStreamId(after)
    this.#ids[index] = { after, id }
    return id
  }

  /** Says which partitions cannot be read while others can, once. */
  #tell(shares: readonly Share[], errors: readonly unknown[]): void {
    const lost = shares.filter((share) => share.isFailing && !this.#silent.has(share))
    const back = shares.filter((share) => !share.isFailing && this.#silent.delete(share))
    for (const share of lost) this.#silent.add(share)
    if (lost.length > 0) {
      const error = toBusError(errors.find((found) => found !== undefined))
      const message = `Of the bus ${namesOf(lost)} cannot be read (${error.message}); trying again until it can.`
      this.#onNotice({ code: "no_answer", level: "warn", message, error })
    }
    if (back.length > 0)
      this.#onNotice({
        code: "answers_again",
        level: "info",
        message: `Of the bus ${namesOf(back)} can be read again.`,
      })
  }
}

function namesOf(shares: readonly Share[]): string {
  return partitionNames(shares.flatMap(({ partitions }) => partitions.map(({ index }) => index)))
}
