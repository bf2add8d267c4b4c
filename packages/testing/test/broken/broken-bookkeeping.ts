import {
  BusFullError,
  MemoryEventBus,
  type MemoryEventBusOptions,
  type PartitionLag,
  type Position,
  type PublishResult,
} from "@fabra/events"
import type { Assignment, AttemptKind, EncodedEvent, SubscribeOptions, Subscription } from "@fabra/events/adapter"
import { type BrokenBus, type BusMaker, withOptions, withSubscription } from "./broken-bus.js"
import { PassingSubscription } from "./passing-subscription.js"

interface Checkpoint {
  readonly position: Position
  readonly consumer: string
}

/** Keeps checkpoints by a rule of its own: whether the stored one stays. */
function withCheckpoints(stays: (stored: Checkpoint, next: Checkpoint) => boolean): BusMaker {
  return class extends MemoryEventBus {
    readonly #stored = new Map<string, Checkpoint>()
    override async subscribe(options: SubscribeOptions): Promise<Subscription> {
      const { group, consumer, onAssigned } = options
      const stored = this.#stored
      const read = (assignment: Assignment) => ({
        ...assignment,
        checkpoint: stored.get(`${group}/${assignment.partition}`)?.position ?? null,
      })
      const Keeping = class extends PassingSubscription {
        override async checkpoint(partition: number, position: Position): Promise<void> {
          const key = `${group}/${partition}`
          const last = stored.get(key)
          if (last === undefined || !stays(last, { position, consumer })) stored.set(key, { position, consumer })
        }
      }
      return new Keeping(await super.subscribe({ ...options, onAssigned: (given) => onAssigned(read(given)) }))
    }
  }
}

/** When it is full, it drops what one group has settled. */
class MakesRoom extends MemoryEventBus {
  readonly #settled = new Map<number, Position>()
  readonly #all: Subscription[] = []
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const results: PublishResult[] = []
    for (const event of events) {
      const [result] = await super.append([event])
      if (result?.ok) {
        results.push(result)
        continue
      }
      for (const [partition, position] of this.#settled) {
        for (const subscription of this.#all) await subscription.checkpoint(partition, position, 0)
      }
      results.push(...(await super.append([event])))
    }
    return results
  }
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const settled = this.#settled
    const Settling = class extends PassingSubscription {
      override checkpoint(partition: number, position: Position, records: number): Promise<void> {
        settled.set(partition, position)
        return super.checkpoint(partition, position, records)
      }
    }
    const inner = await super.subscribe(options)
    this.#all.push(inner)
    return new Settling(inner)
  }
}

/** Takes a group that has settled nothing yet for one that has everything still to come, also what was trimmed. */
class CountsFromTheStart extends MemoryEventBus {
  readonly #max: number
  readonly #settling = new Set<string>()
  readonly #groups = new Set<string>()
  #count = 0
  constructor(options: MemoryEventBusOptions) {
    super(options)
    this.#max = options.maxEventsPerPartition ?? Number.POSITIVE_INFINITY
  }
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    this.#count += events.length
    if (this.#count <= this.#max || this.#settling.size === this.#groups.size) return super.append(events)
    return events.map(({ eventId }) => ({ ok: false, eventId, error: new BusFullError("It is full.") }))
  }
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const settling = this.#settling
    this.#groups.add(options.group)
    const Settling = class extends PassingSubscription {
      override checkpoint(partition: number, position: Position, records: number): Promise<void> {
        settling.add(options.group)
        return super.checkpoint(partition, position, records)
      }
    }
    return new Settling(await super.subscribe(options))
  }
}

/** Takes every checkpoint for the end of all that was noted. */
class ForgetsNotes extends MemoryEventBus {
  readonly #notes = new Map<string, Set<string>>()
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const notes = this.#notes
    const Forgetting = class extends PassingSubscription {
      override checkpoint(partition: number, position: Position, records: number): Promise<void> {
        notes.clear()
        return super.checkpoint(partition, position, records)
      }
      override async noteAttempts(partition: number, positions: readonly Position[]): Promise<number[]> {
        return positions.map((position) => {
          const key = `${options.group}/${partition}/${position}`
          const consumers = notes.get(key) ?? new Set()
          notes.set(key, consumers.add(options.consumer))
          return consumers.size - 1
        })
      }
    }
    return new Forgetting(await super.subscribe(options))
  }
}

/** Tells how old the newest event is. */
class TellsNewestAge extends MemoryEventBus {
  override async lag(group: string): Promise<PartitionLag[]> {
    const lags = await super.lag(group)
    return lags.map((lag) => ({ ...lag, oldestAgeMs: lag.oldestAgeMs === null ? null : 0 }))
  }
}

/** Takes each renewal of a lease for its beginning. */
class TellsLastRenewal extends MemoryEventBus {
  override async lag(group: string): Promise<PartitionLag[]> {
    const lags = await super.lag(group)
    return lags.map((lag) => ({ ...lag, ownedMs: lag.ownedMs === null ? null : 0 }))
  }
}

/** Says of nothing that it is in quarantine. */
class HidesQuarantine extends MemoryEventBus {
  override async lag(group: string): Promise<PartitionLag[]> {
    return (await super.lag(group)).map((lag) => ({ ...lag, quarantined: 0 }))
  }
}

/** Counts for a group that came late everything there ever was. */
class LagsByWhatIsGone extends MemoryEventBus {
  #published = 0
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    this.#published += events.length
    return super.append(events)
  }
  override async lag(group: string): Promise<PartitionLag[]> {
    const lags = await super.lag(group)
    return group === "late" ? lags.map((lag) => ({ ...lag, events: this.#published })) : lags
  }
}

/** Takes one group for another. */
class MixesCheckpoints extends MemoryEventBus {
  override checkpoints(group: string): Promise<(Position | null)[]> {
    return super.checkpoints(group === "idle" ? "busy" : group)
  }
}

/** Faults in what a bus remembers of its groups. */
export const brokenBookkeeping: readonly BrokenBus[] = [
  {
    fault: "lowers a checkpoint",
    Bus: withCheckpoints(() => false),
    breaks: ["never lowers a checkpoint", "keeps the checkpoint of an heir when the dead owner's arrives late"],
  },
  {
    fault: "keeps the greater checkpoint of each member only",
    Bus: withCheckpoints((stored, next) => stored.consumer === next.consumer && stored.position >= next.position),
    breaks: ["keeps the checkpoint of an heir when the dead owner's arrives late"],
  },
  {
    fault: "makes room for new events at the cost of the slowest group",
    Bus: MakesRoom,
    breaks: ["refuses events rather than trim what the slowest group has yet to settle"],
  },
  {
    fault: "counts what was trimmed as unsettled",
    Bus: CountsFromTheStart,
    breaks: ["is not full for a group that comes late and has little to read"],
  },
  {
    fault: "does not tell small letters from capitals",
    Bus: withOptions((options) => ({ ...options, group: options.group.toLowerCase() })),
    breaks: ["tells groups apart whatever their names"],
  },
  {
    fault: "takes the notes of one partition for those of another",
    Bus: withSubscription(
      (inner) =>
        new (class extends PassingSubscription {
          override noteAttempts(_: number, positions: readonly Position[], how: AttemptKind) {
            return super.noteAttempts(0, positions, how)
          }
        })(inner),
    ),
    breaks: ["keeps what was noted of a record until that record is settled"],
  },
  {
    fault: "forgets notes of records that are not settled",
    Bus: ForgetsNotes,
    breaks: ["keeps what was noted of a record until that record is settled"],
  },
  {
    fault: "counts what was trimmed as lag",
    Bus: LagsByWhatIsGone,
    breaks: ["counts for a group that comes late only what there is to read"],
  },
  {
    fault: "tells one group's checkpoints for those of another",
    Bus: MixesCheckpoints,
    breaks: ["tells each group's stored checkpoints"],
  },
  {
    fault: "tells the age of the newest event",
    Bus: TellsNewestAge,
    breaks: ["tells the age of the oldest event, not of the newest"],
  },
  {
    fault: "takes each renewal of a lease for its beginning",
    Bus: TellsLastRenewal,
    breaks: ["tells for how long each partition has been held, renewals and all, and begins anew with another owner"],
  },
  {
    fault: "says of nothing that it is in quarantine",
    Bus: HidesQuarantine,
    breaks: ["counts the events that are noted as run, until a checkpoint has passed them"],
  },
]
