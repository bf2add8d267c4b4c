import type { PartitionKeys } from "../keyspace/keys.js"
import type { Append, AppendAnswer } from "./append-script.js"
import { type Chunk, type Packable, type Packed, pack } from "./chunks.js"

/** What became of events that were sent. */
export interface AppendOutcome {
  /** One for each event; none when all failed. */
  readonly answers: readonly AppendAnswer[]
  /** Why all failed. */
  readonly error?: unknown
  /** What was refused, or has failed, may have been appended all the same: an answer was lost. */
  readonly mayBeDone: boolean
}

/** Sends one call until it is answered, or nobody wants it any more. Never rejects. */
export type SendAppends = (appends: readonly Append[], isWanted: () => boolean) => Promise<AppendOutcome>

/** A chunk, and who waits for its outcome. */
interface Parcel extends Packable {
  readonly keys: PartitionKeys
  readonly signal: AbortSignal | undefined
  readonly settle: (outcome: AppendOutcome) => void
}

/** Sends together what is published in one turn of the event loop, in the order in which it was asked for. */
export class GatheredAppends {
  readonly #send: SendAppends
  readonly #apart: boolean
  #parcels: Parcel[] = []

  /** @param apart no call may be for more than one partition */
  constructor(apart: boolean, send: SendAppends) {
    this.#apart = apart
    this.#send = send
  }

  /** What became of the chunk; unknown as soon as the signal aborts. The call then goes on for the others in it. */
  append(keys: PartitionKeys, { events, characters }: Chunk, signal: AbortSignal | undefined): Promise<AppendOutcome> {
    return new Promise((resolve) => {
      const settle = (outcome: AppendOutcome) => {
        signal?.removeEventListener("abort", giveUp)
        resolve(outcome)
      }
      const giveUp = () => settle({ answers: [], error: new Error("the publisher gave up waiting"), mayBeDone: true })
      if (signal?.aborted) return giveUp()
      signal?.addEventListener("abort", giveUp)
      // Sockets that are ready are read one after the other, each with its own microtasks: the turn ends after them all.
      if (this.#parcels.length === 0) setImmediate(() => this.#sendAll())
      this.#parcels.push({ partition: keys.index, keys, events, characters, signal, settle })
    })
  }

  #sendAll(): void {
    const parcels = this.#parcels.filter(isWanted)
    this.#parcels = []
    for (const call of pack(parcels, this.#apart)) this.#sendCall(call)
  }

  async #sendCall(call: Packed<Parcel>): Promise<void> {
    const parcels = call.flat()
    const appends = call.map((lane) => ({ keys: lane[0].keys, events: lane.flatMap(({ events }) => events) }))
    const { answers, error, mayBeDone } = await this.#send(appends, () => parcels.some(isWanted))
    let at = 0
    for (const { events, settle } of parcels) {
      settle({ answers: answers.slice(at, at + events.length), error, mayBeDone })
      at += events.length
    }
  }
}

function isWanted({ signal }: Parcel): boolean {
  return !signal?.aborted
}
