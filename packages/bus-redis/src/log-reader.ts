import { type BusNotice, type PartitionBatch, type Position, type ReadOptions, sleep } from "@fabra/events"
import { NoAnswer, toBusError } from "./errors.js"
import type { PartitionKeys } from "./keys.js"
import type { Link } from "./link.js"
import { partitionNames } from "./partition-names.js"
import { toStreamId } from "./positions.js"
import { ReadSize } from "./read-size.js"
import { Share } from "./share.js"

/** When there is news, how long those that were asked as well may take to bring theirs. */
const GRACE_MS = 50
/** When there is none, how long after the wait an answer may take before it is left to the next read. */
const PATIENCE_MS = 1_000

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
  /** Of which it was said that they do not answer. */
  readonly #silent = new Set<Share>()

  constructor(link: Link, partitions: readonly PartitionKeys[], onNotice: (notice: BusNotice) => void) {
    this.#link = link
    this.#onNotice = onNotice
    const alone = partitions.map((keys) => [keys])
    this.#shares = (link.isCluster ? alone : [partitions]).map((together) => new Share(link, together))
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
  async #readAll(shares: readonly Share[], cursors: Cursors, count: number, options: ReadOptions): Promise<void> {
    const { clock } = this.#link
    const { maxWaitMs, signal } = options
    const enough = new AbortController()
    const over = new AbortController()
    const stop = () => enough.abort()
    if (signal?.aborted) stop()
    signal?.addEventListener("abort", stop, { once: true })
    const well = shares.filter(({ isFailing, isReading }) => !isFailing && !isReading)
    const awaited = new Set(well.length > 0 ? well : shares)
    let hasNews = false
    const reads = shares.map(async (share) => {
      const isPatient = shares.length > 1
      const streams = streamsOf(share, cursors)
      const reading = share.start(streams, count, { ...options, signal: enough.signal }, isPatient).then((outcome) => {
        if (outcome.batches.length === 0) return
        hasNews = true
        stop()
      })
      if (awaited.has(share)) await reading
    })
    const all = Promise.all(reads)
    await Promise.race([all, sleep(clock, maxWaitMs, enough.signal)])
    stop()
    await Promise.race([all, sleep(clock, hasNews ? GRACE_MS : PATIENCE_MS, over.signal)])
    over.abort()
    signal?.removeEventListener("abort", stop)
  }

  /** Says which partitions cannot be read while others can, once. */
  #tell(shares: readonly Share[], errors: readonly unknown[]): void {
    const lost = shares.filter((share) => share.isFailing && !this.#silent.has(share))
    const back = shares.filter((share) => !share.isFailing && this.#silent.delete(share))
    for (const share of lost) this.#silent.add(share)
    if (lost.length > 0) {
      const error = toBusError(errors.find((found) => found !== undefined))
      const message = `Of the bus ${namesOf(lost)} cannot be read (${error.message}); trying again until it can.`
      this.#onNotice({ level: "warn", message, error })
    }
    if (back.length > 0) this.#onNotice({ level: "info", message: `Of the bus ${namesOf(back)} can be read again.` })
  }
}

function namesOf(shares: readonly Share[]): string {
  return partitionNames(shares.flatMap(({ partitions }) => partitions.map(({ index }) => index)))
}

/** The streams of a share that are asked for, and after which id. */
function streamsOf({ partitions }: Share, cursors: Cursors): Map<string, string> {
  const streams = new Map<string, string>()
  for (const { events, index } of partitions) {
    const cursor = cursors.get(index)
    if (cursor !== undefined) streams.set(events, toStreamId(cursor))
  }
  return streams
}
