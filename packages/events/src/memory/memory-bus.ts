import { BaseEventBus, type EncodedEvent } from "../bus/base-bus.js"
import type {
  Assignment,
  BusCapabilities,
  BusRecord,
  PartitionBatch,
  PartitionLag,
  PublishResult,
  ReadOptions,
  SubscribeOptions,
  Subscription,
} from "../bus/bus.js"
import { noSuchGroup } from "../bus/no-such-group.js"
import { checkPartitions, DEFAULT_PARTITIONS, partitionOf } from "../bus/partition.js"
import type { Position } from "../bus/position.js"
import { type Clock, sleep, systemClock } from "../clock.js"
import { FabraError } from "../errors.js"
import { checkName } from "../event/names.js"
import { DEFAULT_MAX_EVENT_BYTES, decodeEvent } from "../event/wire.js"
import type { LeaseRequest, LeaseView, PartitionedLog } from "../log/log.js"
import { LogSubscription } from "../log/log-subscription.js"
import { groupInUse, keepMembers, livingConsumers, type Member } from "../log/members.js"
import { MemoryDeadLetters } from "./memory-dead-letters.js"
import { type Lease, MemoryPartition, Retained } from "./memory-log.js"

/** After so many events a publisher yields to timers and sockets: nothing else here would ever wait for anything. */
const BREATH = 1000

/** Options of {@link MemoryEventBus}. */
export interface MemoryEventBusOptions {
  /** Default 16. */
  readonly partitions?: number | undefined
  /** Milliseconds within which a second publish of an `event_id` is recognised. Default 120,000. */
  readonly dedupeWindowMs?: number
  /** Largest event in bytes. Default 256 KiB. */
  readonly maxEventBytes?: number
  /** Most events one partition holds before `publish` answers `bus_full`. Default 1,000,000. */
  readonly maxEventsPerPartition?: number
  /**
   * While all events together are no larger than so many bytes, none is dropped that every group has settled, for
   * {@link MemoryEventBus.startAgain}. Default 0.
   */
  readonly retainBytes?: number
  readonly clock?: Clock
}

/**
 * The event bus in memory: the embedded default, and the contract in the form of code. Events pass through their wire
 * form as on any other bus. Events that every group has settled are dropped, unless they are to be retained; when the process ends, all is gone: also what
 * was published and not applied. Positions begin at the time at which it is made, so records of a cache that outlives it
 * take its events for new ones, unless the clock was set back.
 */
export class MemoryEventBus extends BaseEventBus {
  readonly capabilities: BusCapabilities
  readonly deadLetters: MemoryDeadLetters
  readonly #clock: Clock
  readonly #partitions: MemoryPartition[]
  readonly #members = new Map<string, readonly Member[]>()
  readonly #subscriptions = new Set<Subscription>()
  readonly #waiting = new Set<() => void>()
  #sinceBreath = 0
  #closed = false

  /** @throws FabraError `invalid_argument` */
  constructor(options: MemoryEventBusOptions = {}) {
    super()
    const { partitions = DEFAULT_PARTITIONS, dedupeWindowMs = 120_000, clock = systemClock } = options
    const { maxEventBytes = DEFAULT_MAX_EVENT_BYTES, maxEventsPerPartition: maxRecords = 1_000_000 } = options
    const retained = new Retained(options.retainBytes ?? 0)
    checkPartitions(partitions)
    this.#clock = clock
    this.#partitions = Array.from(
      { length: partitions },
      (_, index) => new MemoryPartition(index, clock, { dedupeWindowMs, maxRecords, retained }),
    )
    this.deadLetters = new MemoryDeadLetters(
      (event) => this.publish(event),
      () => clock.now(),
    )
    this.capabilities = {
      name: "memory",
      persistent: false,
      shared: false,
      durableReads: "inherent",
      dedupeWindowMs,
      maxEventBytes,
    }
  }

  protected async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    if (this.#closed) {
      return events.map(({ eventId }) => ({
        ok: false,
        eventId,
        error: new FabraError("bus_closed", "The bus is closed."),
      }))
    }
    const results = events.map((event) =>
      this.#partition(partitionOf(event.entityId, this.#partitions.length)).append(event),
    )
    for (const wake of this.#waiting) wake()
    this.#sinceBreath += events.length
    if (this.#sinceBreath >= BREATH) {
      this.#sinceBreath = 0
      await sleep(this.#clock, 0)
    }
    return results
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    if (this.#closed) throw new FabraError("bus_closed", "The bus is closed.")
    checkName("group", options.group)
    const closed = () => {
      if (subscription !== undefined) this.#subscriptions.delete(subscription)
    }
    let subscription: Subscription | undefined
    subscription = await LogSubscription.open(this.log(closed), options, this.#clock)
    this.#subscriptions.add(subscription)
    return subscription
  }

  async checkpoints(group: string): Promise<(Position | null)[]> {
    this.#checkGroup(group)
    return this.#partitions.map((partition) => partition.group(group).checkpoint)
  }

  async lag(group: string): Promise<PartitionLag[]> {
    this.#checkGroup(group)
    const now = this.#clock.now()
    return this.#partitions.map((partition) => {
      const { checkpoint, lease, attempts } = partition.group(group)
      const isOwned = lease !== undefined && lease.until > now
      const [oldest] = partition.readAfter(checkpoint, 1)
      return {
        partition: partition.index,
        events: partition.countAfter(checkpoint),
        oldestAgeMs: oldest === undefined ? null : now - oldest.acceptedAt,
        owner: isOwned ? lease.consumer : null,
        ownedMs: isOwned ? Math.max(0, now - lease.takenAt) : null,
        quarantined: [...attempts.values()].filter(({ size }) => size > 0).length,
      }
    })
  }

  async groups(): Promise<string[]> {
    return [...this.#members.keys()].sort()
  }

  async removeGroup(group: string): Promise<boolean> {
    checkName("group", group)
    const living = livingConsumers(this.#members.get(group) ?? [], this.#clock.now())
    if (living.length > 0) throw groupInUse(group, living)
    for (const partition of this.#partitions) partition.removeGroup(group)
    return this.#members.delete(group)
  }

  /** The log still has every event that was published: see {@link MemoryEventBusOptions.retainBytes}. */
  get isWhole(): boolean {
    return this.#partitions.every(({ isWhole }) => isWhole)
  }

  /**
   * Every group reads the whole log again, as events that come after all others; the queue of dead letters is emptied, and
   * what it has replayed is no longer in the log. For development: the cache has to forget what came of the events, or
   * they count twice. Nobody may read meanwhile.
   * @returns how many events there are
   * @throws FabraError `invalid_argument` unless {@link MemoryEventBus.isWhole}
   */
  startAgain(): number {
    if (!this.isWhole) throw new FabraError("invalid_argument", "The log no longer has its first events.")
    this.deadLetters.clear()
    return this.#partitions.reduce((sum, partition) => sum + partition.startAgain(isPublished), 0)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    this.#closed = true
  }

  #checkGroup(group: string): void {
    if (!this.#members.has(group)) throw noSuchGroup(group)
  }

  #partition(index: number): MemoryPartition {
    const partition = this.#partitions[index]
    if (partition === undefined) throw new FabraError("invalid_argument", `There is no partition ${index}.`)
    return partition
  }

  /** The log on which one subscription stands. @param closed called when the subscription closes it */
  protected log(closed: () => void): PartitionedLog {
    return {
      partitions: this.#partitions.length,
      syncLeases: async (request) => this.#syncLeases(request),
      read: (cursors, options) => this.#read(cursors, options),
      writeCheckpoint: async (group, partition, position) =>
        this.#partition(partition).writeCheckpoint(group, position),
      noteAttempts: async ({ group, partition, ...attempts }) =>
        this.#partition(partition).noteAttempts(group, attempts),
      close: async () => closed(),
    }
  }

  #syncLeases(request: LeaseRequest): LeaseView {
    const { group, consumer, life, leaseMs, held, wanted, released } = request
    const now = this.#clock.now()
    const { members, sharing, isSuperseded } = keepMembers(this.#members.get(group) ?? [], request, now)
    this.#members.set(group, members)
    if (isSuperseded) return { sharing, isSuperseded, held: [], taken: [] }
    const lease = { consumer, life, takenAt: now, seenAt: now, until: now + leaseMs }
    const isOurs = (index: number) => this.#partition(index).group(group).lease?.life === life
    for (const index of released) if (isOurs(index)) this.#partition(index).group(group).lease = undefined
    const stillHeld = held.filter(isOurs)
    for (const index of stillHeld) {
      const state = this.#partition(index).group(group)
      state.lease = { ...lease, takenAt: state.lease?.takenAt ?? now }
    }
    const taken = wanted.flatMap((index) => this.#take(group, index, lease, now))
    // Every partition knows every group from its first moment, so that none is trimmed before the group has read it.
    for (const partition of this.#partitions) partition.group(group)
    return { sharing, held: stillHeld, taken }
  }

  #take(group: string, index: number, lease: Lease, now: number): Assignment[] {
    const partition = this.#partition(index)
    const state = partition.group(group)
    const last = state.lease
    if (last !== undefined && last.consumer !== lease.consumer && last.until > now) return []
    state.lease = lease
    const takenFrom =
      last === undefined || last.life === lease.life
        ? undefined
        : {
            consumer: last.consumer,
            silentMs: Math.max(0, now - last.seenAt),
            events: partition.countAfter(state.checkpoint),
          }
    return [
      { partition: index, checkpoint: state.checkpoint, quarantineUntil: takenFrom ? partition.end : null, takenFrom },
    ]
  }

  async #read(cursors: ReadonlyMap<number, Position | null>, options: ReadOptions): Promise<PartitionBatch[]> {
    const batches = this.#readNow(cursors, options.maxEvents)
    if (batches.length > 0 || options.maxWaitMs <= 0 || options.signal?.aborted) return batches
    const arrived = new AbortController()
    const wake = () => arrived.abort()
    this.#waiting.add(wake)
    options.signal?.addEventListener("abort", wake, { once: true })
    await sleep(this.#clock, options.maxWaitMs, arrived.signal, "upkeep")
    this.#waiting.delete(wake)
    options.signal?.removeEventListener("abort", wake)
    return this.#readNow(cursors, options.maxEvents)
  }

  #readNow(cursors: ReadonlyMap<number, Position | null>, maxEvents: number): PartitionBatch[] {
    const batches: PartitionBatch[] = []
    // Each partition gets its share, so that a long one does not starve the others.
    const ready = [...cursors].filter(([index, after]) => this.#partition(index).countAfter(after) > 0)
    const share = Math.ceil(maxEvents / Math.max(1, ready.length))
    for (const [index, after] of ready) {
      batches.push({ partition: index, records: this.#partition(index).readAfter(after, share) })
    }
    return batches
  }
}

/** Not by a replay or a discard of a dead letter. */
function isPublished({ data }: BusRecord): boolean {
  return decodeEvent(data, Number.POSITIVE_INFINITY).replay === undefined
}
