import type { BusNotice, EventBus, Position } from "@fabra/events"
import type { Assignment, BusRecord, Subscription } from "@fabra/events/adapter"
import type { Patience } from "./patience.js"

/** A record and the partition it came from. */
export interface TakenRecord extends BusRecord {
  readonly partition: number
}

/** Who holds which partition of which group, as told by `onAssigned`, `onRevoked` and `onLost`. */
export interface Owners {
  take(partition: number, member: Member): void
  release(partition: number, member: Member): void
}

/** How a {@link Member} joins. */
export interface JoinOptions {
  readonly bus: EventBus
  readonly group: string
  readonly consumer: string
  readonly leaseMs: number
}

/** A consumer as the suite plays it: keeps the books that a worker would keep. */
export class Member {
  readonly options: JoinOptions
  /** Every assignment so far, the newest last. */
  readonly assigned: Assignment[] = []
  readonly revoked: number[] = []
  readonly lost: number[] = []
  readonly notices: BusNotice[] = []
  readonly held = new Set<number>()
  readonly #patience: Patience
  readonly #owners: Owners
  /** Positions read since the assignment, by partition; their count goes with a checkpoint. */
  readonly #read = new Map<number, Position[]>()
  #drained: Promise<void> = Promise.resolve()
  #subscription: Subscription | undefined

  constructor(options: JoinOptions, patience: Patience, owners: Owners) {
    this.options = options
    this.#patience = patience
    this.#owners = owners
  }

  get subscription(): Subscription {
    if (this.#subscription === undefined) throw new Error("The member has not joined yet.")
    return this.#subscription
  }

  async join(): Promise<this> {
    const { bus, group, consumer, leaseMs } = this.options
    this.#subscription = await bus.subscribe({
      group,
      consumer,
      leaseMs,
      onAssigned: (assignment) => this.#onAssigned(assignment),
      onRevoked: (partition) => this.#onRevoked(partition),
      onLost: (partition) => {
        this.lost.push(partition)
        this.#letGo(partition)
      },
      onNotice: (notice) => this.notices.push(notice),
    })
    return this
  }

  #onAssigned(assignment: Assignment): void {
    this.assigned.push(assignment)
    this.held.add(assignment.partition)
    this.#read.set(assignment.partition, [])
    this.#owners.take(assignment.partition, this)
  }

  async #onRevoked(partition: number): Promise<void> {
    this.revoked.push(partition)
    await this.#drained
    this.#letGo(partition)
  }

  #letGo(partition: number): void {
    this.held.delete(partition)
    this.#owners.release(partition, this)
  }

  /** Makes `onRevoked` wait, as a worker with work in flight does, until the returned function is called. */
  holdDrain(): () => void {
    let release = () => {}
    this.#drained = new Promise((resolve) => {
      release = resolve
    })
    return release
  }

  /** The newest assignment of a partition, as soon as there is one. */
  assignment(partition = 0): Promise<Assignment> {
    return this.#patience.until(`${this.options.consumer} is assigned partition ${partition}`, () =>
      this.assigned.filter((assignment) => assignment.partition === partition).at(-1),
    )
  }

  async holds(count: number): Promise<this> {
    await this.#patience.until(`${this.options.consumer} holds ${count} partitions`, () => this.held.size === count)
    return this
  }

  /** Reads until there are `count` records; returns them in the order they came, with any that came along. */
  async take(count: number, maxEvents = 100): Promise<TakenRecord[]> {
    const taken: TakenRecord[] = []
    await this.#patience.until(`${this.options.consumer} reads ${count} records`, async () => {
      taken.push(...(await this.readOnce(50, maxEvents)))
      return taken.length >= count
    })
    return taken
  }

  /** One read, flattened. */
  async readOnce(maxWaitMs: number, maxEvents = 100, signal?: AbortSignal): Promise<TakenRecord[]> {
    const batches = await this.subscription.read({ maxEvents, maxWaitMs, signal })
    return batches.flatMap(({ partition, records }) => {
      this.#read.get(partition)?.push(...records.map(({ position }) => position))
      return records.map((record) => ({ ...record, partition }))
    })
  }

  /** What else there is to read: reads until a read that waited a moment brings nothing. */
  async rest(): Promise<TakenRecord[]> {
    const rest: TakenRecord[] = []
    await this.#patience.until(`${this.options.consumer} has read all there is`, async () => {
      const more = await this.readOnce(100)
      rest.push(...more)
      return more.length === 0
    })
    return rest
  }

  /** Stores a checkpoint at a record that was read. */
  async settle({ partition, position }: { partition: number; position: Position }): Promise<void> {
    const settled = this.#read.get(partition)?.filter((read) => read <= position) ?? []
    await this.subscription.checkpoint(partition, position, new Set(settled).size)
  }
}
