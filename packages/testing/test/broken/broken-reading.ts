import {
  type Clock,
  MemoryEventBus,
  type MemoryEventBusOptions,
  type Position,
  type PublishResult,
} from "@fabra/events"
import {
  type EncodedEvent,
  type PartitionBatch,
  type ReadOptions,
  type SubscribeOptions,
  type Subscription,
  sleep,
} from "@fabra/events/adapter"
import { type BrokenBus, withSubscription } from "./broken-bus.js"
import { PassingSubscription } from "./passing-subscription.js"

class SwapsTwo extends PassingSubscription {
  override async read(options: ReadOptions): Promise<PartitionBatch[]> {
    const batches = await super.read(options)
    return batches.map(({ partition, records: [first, second, ...rest] }) => ({
      partition,
      records: [second, first, ...rest].filter((record) => record !== undefined),
    }))
  }
}

class SkipsAfterSeek extends PassingSubscription {
  override seek(partition: number, position: Position | null): void {
    super.seek(partition, position && String(Number(position) + 1).padStart(position.length, "0"))
  }
}

class IgnoresNull extends PassingSubscription {
  override seek(partition: number, position: Position | null): void {
    if (position !== null) super.seek(partition, position)
  }
}

/** Takes a seek for one that concerns the next read only. */
class SeeksLater extends PassingSubscription {
  readonly #seeks = new Map<number, Position | null>()
  override seek(partition: number, position: Position | null): void {
    this.#seeks.set(partition, position)
  }
  override read(options: ReadOptions): Promise<PartitionBatch[]> {
    for (const [partition, position] of this.#seeks) super.seek(partition, position)
    this.#seeks.clear()
    return super.read(options)
  }
}

class IgnoresSignal extends PassingSubscription {
  override read({ maxEvents, maxWaitMs }: ReadOptions): Promise<PartitionBatch[]> {
    return super.read({ maxEvents, maxWaitMs })
  }
}

class LeavesListeners extends PassingSubscription {
  override read(options: ReadOptions): Promise<PartitionBatch[]> {
    options.signal?.addEventListener("abort", () => {}, { once: true })
    return super.read(options)
  }
}

/** Looks once, at the end of its time. */
class WaitsItsTime extends MemoryEventBus {
  readonly #clock: Clock | undefined
  constructor(options: MemoryEventBusOptions) {
    super(options)
    this.#clock = options.clock
  }
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const clock = this.#clock as Clock
    const Waiting = class extends PassingSubscription {
      override async read(readOptions: ReadOptions): Promise<PartitionBatch[]> {
        await sleep(clock, readOptions.maxWaitMs, readOptions.signal)
        return super.read({ ...readOptions, maxWaitMs: 0 })
      }
    }
    return new Waiting(await super.subscribe(options))
  }
}

class NeverPauses extends PassingSubscription {
  override pause(): void {}
}

class SkipsWhilePaused extends PassingSubscription {
  readonly #last: Map<number, Position>
  constructor(inner: Subscription, last: Map<number, Position>) {
    super(inner)
    this.#last = last
  }
  override resume(partition: number): void {
    super.seek(partition, this.#last.get(partition) ?? null)
    super.resume(partition)
  }
}

/** Knows the end of each partition, for faults that need it. */
class KnowsEnd extends MemoryEventBus {
  readonly end = new Map<number, Position>()
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const results = await super.append(events)
    for (const result of results) if (result.ok) this.end.set(result.partition, result.position)
    return results
  }
}

class SkipsPaused extends KnowsEnd {
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    return new SkipsWhilePaused(await super.subscribe(options), this.end)
  }
}

class StartsAtEnd extends KnowsEnd {
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const fresh: number[] = []
    const inner = await super.subscribe({
      ...options,
      onAssigned(assignment) {
        if (assignment.checkpoint === null) fresh.push(assignment.partition)
        options.onAssigned(assignment)
      },
    })
    for (const partition of fresh) inner.seek(partition, this.end.get(partition) ?? null)
    return inner
  }
}

/** Positions as plain numbers: 9 comes after 10 then. */
class PlainNumbers extends MemoryEventBus {
  #first: number | undefined

  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const results = await super.append(events)
    return results.map((result) => (result.ok ? { ...result, position: this.#plain(Number(result.position)) } : result))
  }

  #plain(position: number): string {
    this.#first ??= position
    return String(position - this.#first + 1)
  }
}

class LosesHalfOfBatch extends PassingSubscription {
  override async read(options: ReadOptions): Promise<PartitionBatch[]> {
    const batches = await super.read(options)
    return batches.map(({ partition, records }) => ({ partition, records: records.slice(-options.maxEvents + 1) }))
  }
}

/** Faults of reading. */
export const brokenReading: readonly BrokenBus[] = [
  {
    fault: "swaps two records",
    Bus: withSubscription((inner) => new SwapsTwo(inner)),
    breaks: ["brings every record once, without gaps, in order"],
  },
  {
    fault: "loses a record of a full batch",
    Bus: withSubscription((inner) => new LosesHalfOfBatch(inner)),
    breaks: ["brings every record once, without gaps, in order"],
  },
  {
    fault: "skips a record after a seek",
    Bus: withSubscription((inner) => new SkipsAfterSeek(inner)),
    breaks: ["reads again after seeking back", "leaves out what lies between when seeking forward"],
  },
  {
    fault: "does not seek to null",
    Bus: withSubscription((inner) => new IgnoresNull(inner)),
    breaks: ["reads from the oldest record after seeking to null"],
  },
  {
    fault: "brings records of the old cursor after a seek",
    Bus: withSubscription((inner) => new SeeksLater(inner)),
    breaks: ["brings nothing of the old cursor after a seek while it reads"],
  },
  {
    fault: "reads on whatever the signal says",
    Bus: withSubscription((inner) => new IgnoresSignal(inner)),
    breaks: ["ends its wait when the signal says so", "does not wait at all on a signal that was given before"],
  },
  {
    fault: "leaves its listeners on the signal",
    Bus: withSubscription((inner) => new LeavesListeners(inner)),
    breaks: ["leaves no listener on a signal, which may serve many reads"],
  },
  {
    fault: "waits its time though an event arrives",
    Bus: WaitsItsTime,
    breaks: ["ends its wait when an event arrives"],
  },
  {
    fault: "never pauses",
    Bus: withSubscription((inner) => new NeverPauses(inner)),
    breaks: ["brings nothing of a paused partition, and all of it after resume"],
  },
  {
    fault: "skips what came while it was paused",
    Bus: SkipsPaused,
    breaks: ["brings nothing of a paused partition, and all of it after resume"],
  },
  {
    fault: "starts a new group at the end",
    Bus: StartsAtEnd,
    breaks: ["starts a new group at the oldest record"],
  },
  {
    fault: "gives positions that do not sort",
    Bus: PlainNumbers,
    breaks: ["gives positions that sort as text and never come twice"],
  },
]
