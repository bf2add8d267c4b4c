import { BusFullError, type FabraError, type PublishOptions, type PublishResult } from "@fabra/events"
import type { EncodedEvent } from "@fabra/events/adapter"
import type { PartitionKeys } from "../keyspace/keys.js"
import { toPosition } from "../keyspace/positions.js"
import type { Settings } from "../options.js"
import { busClosed, toPublishError } from "../transport/errors.js"
import type { Link } from "../transport/link.js"
import { acceptedAppends, replicatedAppends } from "./append-call.js"
import { type AppendAnswer, refusedWith } from "./append-script.js"
import { byPartition, type Chunk } from "./chunks.js"
import { type AppendOutcome, GatheredAppends } from "./gathered-appends.js"

/** Of chunks that are not sent, because one before them has failed. */
const UNSENT: AppendOutcome = { answers: [], mayBeDone: false }

/** Options of a publish by the bus itself. */
export interface AppendOptions extends PublishOptions {
  /** Also when memory is full: for events that make room, since a dead letter is removed for each. */
  readonly evenWhenFull?: boolean
}

/** Appends events to their partitions: all partitions at once, with whatever else is published in the same turn. */
export class Publisher {
  readonly #accepted: GatheredAppends
  readonly #replicated: GatheredAppends
  readonly #evenWhenFull: GatheredAppends
  readonly #maxEvents: number

  /** @param replicated a link of its own for publishes that wait for replicas, because they hold up what is behind them */
  constructor(link: Link, replicated: Link, settings: Settings) {
    this.#accepted = new GatheredAppends(link.isCluster, acceptedAppends(link, settings))
    this.#replicated = new GatheredAppends(replicated.isCluster, replicatedAppends(replicated, settings))
    const evenWhenFull = { ...settings, evenWhenFull: true }
    this.#evenWhenFull = new GatheredAppends(link.isCluster, acceptedAppends(link, evenWhenFull))
    this.#maxEvents = settings.maxEventsPerPartition
  }

  /** One result per event, in their order. */
  async append(
    partitions: readonly PartitionKeys[],
    events: readonly EncodedEvent[],
    options: AppendOptions,
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
    { durability, signal, evenWhenFull }: AppendOptions,
    results: PublishResult[],
  ): Promise<void> {
    const accepted = evenWhenFull ? this.#evenWhenFull : this.#accepted
    const appends = durability === "replicated" ? this.#replicated : accepted
    let failed: FabraError | undefined
    for (const chunk of chunks) {
      const { answers, error, mayBeDone } = failed ? UNSENT : await appends.append(keys, chunk, signal)
      for (const [i, slot] of chunk.slots.entries()) {
        const { eventId } = chunk.events[i] as EncodedEvent
        const answer = answers[i] ?? ""
        const refused = error ?? refusedWith(answer)
        if (refused && !failed) failed = toPublishError(refused, mayBeDone)
        results[slot] = failed
          ? { ok: false, eventId, error: failed }
          : this.#toResult(eventId, keys.index, answer, mayBeDone)
      }
    }
  }

  #toResult(eventId: string, partition: number, answer: AppendAnswer, mayBeDone: boolean): PublishResult {
    if (answer !== "") {
      return { ok: true, eventId, partition, position: toPosition(answer.slice(1)), duplicate: answer[0] === "=" }
    }
    const error = new BusFullError(
      `Partition ${partition} holds ${this.#maxEvents} events that not every group has applied; publish again later.`,
    )
    return { ok: false, eventId, error: mayBeDone ? toPublishError(error, mayBeDone) : error }
  }
}

/** The results of a publish on a closed bus. */
export function refuseAll(events: readonly EncodedEvent[], error: FabraError = busClosed()): PublishResult[] {
  return events.map(({ eventId }) => ({ ok: false, eventId, error }))
}
