import {
  type DeadLetterQueue,
  FabraError,
  MemoryEventBus,
  type PartitionLag,
  type Position,
  type PublishResult,
} from "@fabra/events"
import {
  BaseEventBus,
  type BusCapabilities,
  decodeEvent,
  dedupeKey,
  type EncodedEvent,
  type PartitionBatch,
  type ReadOptions,
  type SubscribeOptions,
  type Subscription,
} from "@fabra/events/adapter"
import { PassingSubscription } from "./passing-subscription.js"

/** What the clients of one test share. */
export interface Shared {
  readonly bus: MemoryEventBus
  readonly partitions: number
}

/** One of several clients of a bus in memory, as if each were a process of its own. */
export class MemoryClient extends BaseEventBus {
  readonly shared: Shared
  readonly capabilities: BusCapabilities
  readonly deadLetters: DeadLetterQueue
  readonly #partitions: number
  readonly #subscriptions: Subscription[] = []
  #closed = false

  constructor(shared: Shared, partitions = shared.partitions) {
    super()
    this.shared = shared
    this.capabilities = { ...shared.bus.capabilities, shared: true, persistent: true }
    this.deadLetters = shared.bus.deadLetters
    this.#partitions = partitions
  }

  protected async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    try {
      this.check(this.#partitions)
    } catch (error) {
      return events.map(({ eventId }) => ({ ok: false, eventId, error: FabraError.from(error) }))
    }
    return this.shared.bus.publish(events.map(({ data }) => decodeEvent(data)))
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.check(this.#partitions)
    const subscription = await this.shared.bus.subscribe(options)
    this.#subscriptions.push(subscription)
    return subscription
  }

  lag(group: string): Promise<PartitionLag[]> {
    return this.shared.bus.lag(group)
  }

  checkpoints(group: string): Promise<(Position | null)[]> {
    return this.shared.bus.checkpoints(group)
  }

  groups(): Promise<string[]> {
    return this.shared.bus.groups()
  }

  removeGroup(group: string): Promise<boolean> {
    return this.shared.bus.removeGroup(group)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const subscription of this.#subscriptions) await subscription.close()
  }

  /** What becomes of the client when its engine is killed and started again: nothing. */
  engineRestarted(): void {}

  protected check(partitions: number): void {
    if (this.#closed) throw new FabraError("bus_closed", "The bus is closed.")
    if (partitions === this.shared.partitions) return
    throw new FabraError("partition_mismatch", `There are ${this.shared.partitions} partitions, not ${partitions}.`)
  }
}

class TakesAnyPartitions extends MemoryClient {
  protected override check(): void {
    super.check(this.shared.partitions)
  }
}

/** Knows what it published itself, and tells the bus's ids apart from those of other clients. */
class DedupesAlone extends MemoryClient {
  static #clients = 0
  readonly #client = ++DedupesAlone.#clients
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const own = events.map(({ data, ...event }) => {
      const eventId = `${event.eventId} of ${this.#client}`
      return { ...event, eventId, data: JSON.stringify({ ...JSON.parse(data), event_id: eventId }) }
    })
    const results = await super.append(own)
    return results.map((result, i) => ({ ...result, eventId: events[i]?.eventId ?? "" }))
  }
}

/** Knows how old an event is if it took it itself. */
class TellsOwnAges extends MemoryClient {
  #hasPublished = false
  protected override append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    this.#hasPublished = true
    return super.append(events)
  }
  override async lag(group: string): Promise<PartitionLag[]> {
    const lags = await super.lag(group)
    return this.#hasPublished ? lags : lags.map((lag) => ({ ...lag, oldestAgeMs: null }))
  }
}

class KeepsDeadLettersToItself extends MemoryClient {
  override readonly deadLetters: DeadLetterQueue = new MemoryEventBus().deadLetters
}

/** Shares partitions only with members that use the same client. */
class BelievesItIsAlone extends MemoryClient {
  static #clients = 0
  readonly #client = ++BelievesItIsAlone.#clients
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({ ...options, group: `${options.group}.${this.#client}` })
  }
}

/** What it published goes with it. */
class TakesItsEventsAlong extends MemoryClient {
  static readonly #gone = new WeakMap<Shared, Set<string>>()
  readonly #published = new Set<string>()
  protected override append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    for (const { eventId, entityId } of events) this.#published.add(dedupeKey(eventId, entityId))
    return super.append(events)
  }
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const gone = TakesItsEventsAlong.#gone.get(this.shared) ?? new Set()
    const isThere = (data: string) => {
      const { eventId, entityId } = decodeEvent(data)
      return !gone.has(dedupeKey(eventId, entityId))
    }
    const Missing = class extends PassingSubscription {
      override async read(readOptions: ReadOptions): Promise<PartitionBatch[]> {
        const batches = await super.read(readOptions)
        return batches.map(({ partition, records }) => ({
          partition,
          records: records.filter(({ data }) => isThere(data)),
        }))
      }
    }
    return new Missing(await super.subscribe(options))
  }
  override async close(): Promise<void> {
    await super.close()
    const gone = TakesItsEventsAlong.#gone.get(this.shared) ?? new Set()
    TakesItsEventsAlong.#gone.set(this.shared, new Set([...gone, ...this.#published]))
  }
}

/** Knows the groups that have joined through it. */
class KnowsOwnGroups extends MemoryClient {
  readonly #groups = new Set<string>()
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#groups.add(options.group)
    return super.subscribe(options)
  }
  override async groups(): Promise<string[]> {
    return (await super.groups()).filter((group) => this.#groups.has(group))
  }
}

class SaysThatUsedGroupsAreGone extends MemoryClient {
  override removeGroup(group: string): Promise<boolean> {
    return super.removeGroup(group).catch((error) => {
      if (FabraError.from(error).code === "invalid_argument") return true
      throw error
    })
  }
}

/** Removes the name of a group and nothing else. */
class KeepsWhatRemovedGroupsHad extends MemoryClient {
  static readonly #gone = new WeakMap<Shared, Set<string>>()
  get #removed(): Set<string> {
    const gone = KeepsWhatRemovedGroupsHad.#gone.get(this.shared) ?? new Set()
    KeepsWhatRemovedGroupsHad.#gone.set(this.shared, gone)
    return gone
  }
  override async groups(): Promise<string[]> {
    return (await super.groups()).filter((group) => !this.#removed.has(group))
  }
  override async lag(group: string): Promise<PartitionLag[]> {
    if (this.#removed.has(group)) throw new FabraError("not_found", `There is no group "${group}" on this bus.`)
    return super.lag(group)
  }
  override async removeGroup(group: string): Promise<boolean> {
    if (!(await this.groups()).includes(group)) return super.removeGroup(`not-${group}`)
    this.#removed.add(group)
    return true
  }
}

class RemovesAllGroups extends MemoryClient {
  override async removeGroup(group: string): Promise<boolean> {
    const removed = await super.removeGroup(group)
    for (const other of removed ? await this.groups() : []) await super.removeGroup(other)
    return removed
  }
}

/** Reads nothing any more once its engine was away. */
class StaysAway extends MemoryClient {
  #isAway = false
  override engineRestarted(): void {
    this.#isAway = true
  }
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const isAway = () => this.#isAway
    const Away = class extends PassingSubscription {
      override async read(readOptions: ReadOptions): Promise<PartitionBatch[]> {
        const batches = await super.read(readOptions)
        return isAway() ? [] : batches
      }
    }
    return new Away(await super.subscribe(options))
  }
}

/** Keeps the ids it has taken in the memory of the engine, and notes in that of the client. */
class KeepsIdsInMemory extends MemoryClient {
  #life = 0
  override engineRestarted(): void {
    this.#life++
  }
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    if (this.#life === 0) return super.append(events)
    const anew = events.map((event) => {
      const eventId = `${event.eventId} ${this.#life}`
      return { ...event, eventId, data: JSON.stringify({ ...JSON.parse(event.data), event_id: eventId }) }
    })
    const results = await super.append(anew)
    return results.map((result, i) => ({ ...result, eventId: events[i]?.eventId ?? "" }))
  }
}

class KeepsNotesInMemory extends MemoryClient {
  static #restarts = 0
  override engineRestarted(): void {
    KeepsNotesInMemory.#restarts++
  }
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const restarts = () => KeepsNotesInMemory.#restarts
    const before = restarts()
    const Forgetful = class extends PassingSubscription {
      override async noteAttempts(...noted: Parameters<Subscription["noteAttempts"]>): Promise<readonly number[]> {
        const others = await super.noteAttempts(...noted)
        return restarts() > 0 && before === restarts() ? others.map(() => 0) : others
      }
    }
    return new Forgetful(await super.subscribe(options))
  }
}

/** A client with one fault that only other clients can notice. */
export interface BrokenClient {
  readonly fault: string
  readonly Client: new (shared: Shared, partitions?: number) => MemoryClient
  /** Titles of tests, all of which must fail. */
  readonly breaks: readonly string[]
}

/** Faults of a bus that says it can be shared. */
export const brokenClients: readonly BrokenClient[] = [
  {
    fault: "takes any number of partitions",
    Client: TakesAnyPartitions,
    breaks: ["refuses a client that is set up with another number of partitions"],
  },
  {
    fault: "recognises only events that the same client published",
    Client: DedupesAlone,
    breaks: [
      "recognises an event published again by another client",
      "recognises an event that was settled long since",
      "recognises an event of a client that has gone, if it is shared and persistent",
    ],
  },
  {
    fault: "tells the ages only of events that the same client published",
    Client: TellsOwnAges,
    breaks: ["tells each partition's lag and owner"],
  },
  {
    fault: "keeps dead letters to itself",
    Client: KeepsDeadLettersToItself,
    breaks: ["shows dead letters to every client"],
  },
  {
    fault: "believes that it is alone",
    Client: BelievesItIsAlone,
    breaks: [
      "shares the partitions among members, each with one owner",
      "goes on where another client stopped, again and again",
    ],
  },
  {
    fault: "knows only the groups that have joined through it",
    Client: KnowsOwnGroups,
    breaks: ["tells which groups there are"],
  },
  {
    fault: "says that a group is gone that has members",
    Client: SaysThatUsedGroupsAreGone,
    breaks: ["does not remove a group that has members"],
  },
  {
    fault: "removes the name of a group and nothing else",
    Client: KeepsWhatRemovedGroupsHad,
    breaks: [
      "lets a group of a removed one's name begin at the oldest event there is",
      "takes events again once the group is gone that had kept the bus full",
    ],
  },
  {
    fault: "removes all groups",
    Client: RemovesAllGroups,
    breaks: ["removes a group that nobody uses, and that one alone"],
  },
  {
    fault: "stays away when its engine comes back",
    Client: StaysAway,
    breaks: ["goes on where it was when its engine comes back"],
  },
  {
    fault: "keeps the ids it has taken in memory",
    Client: KeepsIdsInMemory,
    breaks: ["recognises after its engine has come back what it has taken before"],
  },
  {
    fault: "keeps notes in memory",
    Client: KeepsNotesInMemory,
    breaks: ["keeps through a restart of its engine who noted a record"],
  },
  {
    fault: "takes its events along",
    Client: TakesItsEventsAlong,
    breaks: ["keeps events when the client that published them goes, if it is persistent"],
  },
]
