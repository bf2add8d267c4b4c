import {
  BusFullError,
  type EncodedEvent,
  FabraError,
  type PublishOptions,
  type PublishResult,
  sleep,
} from "@fabra/events"
import type { Redis } from "ioredis"
import { type AppendAnswer, appendScript } from "./append-script.js"
import { byPartition, type Chunk } from "./chunks.js"
import { busClosed, isPassing, outcomeOf, toPublishError } from "./errors.js"
import type { PartitionKeys } from "./keys.js"
import { type Link, timeLeft } from "./link.js"
import type { Settings } from "./options.js"
import { toPosition } from "./positions.js"
import { waitForReplica } from "./replicas.js"

const RETRY_PAUSE_MS = 25
/** Redis ends a `WAIT` by itself: leave it the time to say so. */
const REPLY_GRACE_MS = 1_000

/** Appends events to their partitions: all partitions at once, one script call per chunk. */
export class Publisher {
  readonly #link: Link
  readonly #replicated: Link
  readonly #settings: Settings

  /** @param replicated a link of its own for publishes that wait for replicas, because they hold up what is behind them */
  constructor(link: Link, replicated: Link, settings: Settings) {
    this.#link = link
    this.#replicated = replicated
    this.#settings = settings
  }

  /** One result per event, in their order. */
  async append(
    partitions: readonly PartitionKeys[],
    events: readonly EncodedEvent[],
    options: PublishOptions,
  ): Promise<PublishResult[]> {
    const results = new Array<PublishResult>(events.length)
    const lanes = byPartition(events, partitions.length)
    await Promise.all(
      [...lanes].map(([partition, chunks]) =>
        this.#appendLane(partitions[partition] as PartitionKeys, chunks, options, results),
      ),
    )
    return results
  }

  /** One chunk after the other, so that events of one entity keep their order. */
  async #appendLane(
    keys: PartitionKeys,
    chunks: readonly Chunk[],
    options: PublishOptions,
    results: PublishResult[],
  ): Promise<void> {
    let failed: FabraError | undefined
    for (const { events, slots } of chunks) {
      let answers: AppendAnswer[] = []
      if (failed === undefined) {
        try {
          answers = await this.#call(keys, events, options)
        } catch (error) {
          failed = FabraError.from(error)
        }
      }
      for (const [i, slot] of slots.entries()) {
        const { eventId } = events[i] as EncodedEvent
        results[slot] = failed
          ? { ok: false, eventId, error: failed }
          : toResult(eventId, keys.index, answers[i] ?? "", this.#settings.maxEventsPerPartition)
      }
    }
  }

  /** Sends the call until it is answered, as far as sending it again cannot append twice. */
  async #call(keys: PartitionKeys, events: readonly EncodedEvent[], options: PublishOptions): Promise<AppendAnswer[]> {
    const { dedupeWindowMs, maxEventsPerPartition, clock, commandTimeoutMs } = this.#settings
    const { signal, durability } = options
    const scriptKeys = [keys.events]
    if (dedupeWindowMs > 0) for (const { eventId, entityId } of events) scriptKeys.push(keys.dedupe(eventId, entityId))
    const args = [dedupeWindowMs, maxEventsPerPartition, ...events.map(({ data }) => data)]
    const send =
      durability === "replicated"
        ? (timeoutMs: number) => this.#sendReplicated(keys, scriptKeys, args, timeoutMs)
        : (timeoutMs: number) =>
            this.#link.attempt(keys.events, (redis) => appendScript.run(redis, scriptKeys, args), timeoutMs)

    const started = clock.now()
    const deadline = started + commandTimeoutMs
    // Half a window, so that the second copy arrives while the first one is surely still remembered.
    const isRemembered = () => clock.now() - started < dedupeWindowMs / 2
    let mayBeDone = false
    for (;;) {
      try {
        return await untilAborted(signal, () => send(timeLeft(clock, deadline)))
      } catch (error) {
        const outcome = outcomeOf(error)
        mayBeDone ||= outcome === "unknown"
        const again = outcome === "refused" ? isPassing(error) : outcome === "not_sent" || isRemembered()
        if (!again || error instanceof FabraError || signal?.aborted || clock.now() >= deadline) {
          throw toPublishError(error, mayBeDone)
        }
        await sleep(clock, RETRY_PAUSE_MS, signal)
      }
    }
  }

  async #sendReplicated(keys: PartitionKeys, scriptKeys: string[], args: (string | number)[], timeoutMs: number) {
    const deadline = this.#settings.clock.now() + timeoutMs
    const send = (redis: Redis) => {
      // All in one breath, so that they reach the same server: after a failover the new one knows nothing of the append.
      const answers = appendScript.runText(redis, scriptKeys, args)
      const replicas = waitForReplica(redis, keys.barrier, deadline - this.#settings.clock.now())
      return Promise.all([answers, replicas])
    }
    const [answers, replicas] = await this.#replicated.attempt(keys.events, send, timeoutMs + REPLY_GRACE_MS)
    if (replicas >= 1) return answers
    throw new FabraError(
      "publish_unknown",
      `Redis has the event, but no replica confirmed it within ${timeoutMs} ms; publish it again under the same id.`,
    )
  }
}

function toResult(eventId: string, partition: number, answer: AppendAnswer, max: number): PublishResult {
  if (answer !== "") {
    return { ok: true, eventId, partition, position: toPosition(answer.slice(1)), duplicate: answer[0] === "=" }
  }
  const error = new BusFullError(
    `Partition ${partition} holds ${max} events that not every group has applied; publish again later.`,
  )
  return { ok: false, eventId, error }
}

/** What `send` answers, or a failure of unknown outcome as soon as the signal aborts. */
async function untilAborted<T>(signal: AbortSignal | undefined, send: () => Promise<T>): Promise<T> {
  if (signal === undefined) return await send()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new Error("the publisher gave up waiting"))
  })
  signal.addEventListener("abort", abort, { once: true })
  try {
    if (signal.aborted) throw new Error("the publisher gave up waiting")
    return await Promise.race([send(), aborted])
  } finally {
    signal.removeEventListener("abort", abort)
  }
}

/** The results of a publish on a closed bus. */
export function refuseAll(events: readonly EncodedEvent[], error: FabraError = busClosed()): PublishResult[] {
  return events.map(({ eventId }) => ({ ok: false, eventId, error }))
}
