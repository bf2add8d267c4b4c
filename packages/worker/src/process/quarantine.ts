import type { WorkerContext } from "../context.js"
import type { Item, Lane } from "../lane/lane.js"
import type { PartitionSession } from "../partition/partition-session.js"
import { untilAnswered } from "../retry.js"

interface Entrant {
  readonly lane: Lane
  readonly item: Item
  readonly go: () => void
}

/**
 * Events that were unsettled when the last owner died run one at a time in this whole process, each noted first: the notes
 * identify the event that kills worker after worker, and no other event is blamed for it (rule R13).
 */
export class Quarantine {
  readonly #context: WorkerContext
  #waiting: Entrant[] = []
  #current: Entrant | undefined

  constructor(context: WorkerContext) {
    this.#context = context
  }

  /** Calls `go` once the lane's first event is noted and no other noted event is being run. */
  enter(lane: Lane, go: () => void): void {
    this.#waiting.push({ lane, item: lane.items[0] as Item, go })
    this.#next()
  }

  /** A noted event is settled. */
  leave(item: Item): void {
    if (this.#current?.item !== item) return
    this.#current = undefined
    this.#next()
  }

  /** The session has ended: the next owner of its partition runs its events. */
  forget(session: PartitionSession): void {
    this.#waiting = this.#waiting.filter(({ lane }) => lane.session !== session)
    if (this.#current?.lane.session !== session) return
    this.#current = undefined
    this.#next()
  }

  #next(): void {
    if (this.#current !== undefined) return
    this.#current = this.#waiting.shift()
    if (this.#current !== undefined) this.#note(this.#current).catch(this.#context.failed)
  }

  async #note({ lane: { session }, item, go }: Entrant): Promise<void> {
    const { observer, subscription } = this.#context
    if (subscription === undefined) return
    const { signal, partition } = session
    const consumers = await untilAnswered(this.#context, { target: "bus", signal }, () =>
      observer.time("bus", "note_attempt", subscription.noteAttempt(partition, item.record.position)),
    )
    if (consumers === undefined || !session.active) return
    item.quarantine = { consumers }
    go()
  }
}
