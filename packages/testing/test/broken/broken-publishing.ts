import {
  type AxiomEvent,
  type Clock,
  MemoryEventBus,
  type MemoryEventBusOptions,
  type PublishReceipt,
  type PublishResult,
  systemClock,
} from "@fabra/events"
import { dedupeKey, type EncodedEvent, encodeEvent } from "@fabra/events/adapter"
import type { BrokenBus } from "./broken-bus.js"

/** Claims one window and keeps another. */
const keepsWindow = (dedupeWindowMs: number) =>
  class extends MemoryEventBus {
    constructor(options: MemoryEventBusOptions) {
      super({ ...options, dedupeWindowMs })
      Object.assign(this.capabilities, { dedupeWindowMs: options.dedupeWindowMs })
    }
  }

class ForgetsDedupeInBatch extends MemoryEventBus {
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const ids = events.map(({ eventId }, i) => (events.findIndex((e) => e.eventId === eventId) < i ? `${i}` : eventId))
    const results = await super.append(events.map((event, i) => ({ ...event, eventId: ids[i] as string })))
    return results.map((result, i) => ({ ...result, eventId: events[i]?.eventId as string }))
  }
}

/** Counts the window from the last time an event came. */
class ProlongsWindow extends MemoryEventBus {
  readonly #clock: Clock
  readonly #known = new Map<string, { result: PublishResult; until: number }>()
  constructor(options: MemoryEventBusOptions) {
    super(options)
    this.#clock = options.clock ?? systemClock
  }
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const results: PublishResult[] = []
    for (const event of events) {
      const key = dedupeKey(event.eventId, event.entityId)
      const known = this.#known.get(key)
      const until = this.#clock.now() + this.capabilities.dedupeWindowMs
      const isKnown = known !== undefined && known.until > this.#clock.now()
      const [result] = isKnown ? [{ ...known.result, duplicate: true }] : await super.append([event])
      this.#known.set(key, { result: result as PublishResult, until })
      results.push(result as PublishResult)
    }
    return results
  }
}

/** Looks for room first, and then whether it needs any. */
class FullBeforeKnown extends MemoryEventBus {
  #full: PublishResult | undefined
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const results = await super.append(events)
    this.#full ??= results.find(({ ok }) => !ok)
    return results.map((result) => (result.ok && result.duplicate && this.#full ? this.#full : result))
  }
}

class LosesLastOfBatch extends MemoryEventBus {
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    if (events.length < 2) return super.append(events)
    const results = await super.append(events.slice(0, -1))
    return [...results, { ...(results.at(-1) as PublishResult), eventId: events.at(-1)?.eventId as string }]
  }
}

class ReordersBatch extends MemoryEventBus {
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    return (await super.append([...events].reverse())).reverse()
  }
}

class MisplacesDuplicates extends MemoryEventBus {
  #last = ""
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const results = await super.append(events)
    return results.map((result) => {
      if (!result.ok) return result
      if (result.duplicate) return { ...result, position: this.#last }
      this.#last = result.position
      return result
    })
  }
}

class DropsWhenFull extends MemoryEventBus {
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const results = await super.append(events)
    return results.map((result) => {
      if (result.ok || result.error.code !== "bus_full") return result
      return { ok: true, eventId: result.eventId, partition: 0, position: "dropped", duplicate: false }
    })
  }
}

/** Answers for the whole batch what is true of one event. */
class RefusesAllForOne extends MemoryEventBus {
  override publish(event: AxiomEvent<string, object>): Promise<PublishReceipt>
  override publish(events: readonly AxiomEvent<string, object>[]): Promise<PublishResult[]>
  override publish(events: never): Promise<never> {
    const all = [events].flat() as AxiomEvent[]
    if (all.length > 1) for (const event of all) encodeEvent(event, this.capabilities.maxEventBytes)
    return super.publish(events) as Promise<never>
  }
}

class NormalisesText extends MemoryEventBus {
  protected override append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    return super.append(events.map((event) => ({ ...event, data: event.data.normalize("NFC") })))
  }
}

/** Knows the last thousand ids, however young they are. */
class KnowsTheLastThousand extends MemoryEventBus {
  readonly #recent: string[] = []
  readonly #lives = new Map<string, number>()
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    const results: PublishResult[] = []
    for (const { data, eventId, entityId } of events) {
      // Under another id it is another event.
      const life = this.#lives.get(eventId) ?? 0
      const own = `${eventId} ${life}`
      const event = { entityId, eventId: own, data: JSON.stringify({ ...JSON.parse(data), event_id: own }) }
      const [result] = await super.append([event])
      if (result?.ok && !result.duplicate && this.#recent.push(eventId) > 1_000) {
        const forgotten = this.#recent.shift() as string
        this.#lives.set(forgotten, (this.#lives.get(forgotten) ?? 0) + 1)
      }
      results.push({ ...(result as PublishResult), eventId })
    }
    return results
  }
}

class ClosesBeforeItIsDrained extends MemoryEventBus {
  override async close(): Promise<void> {
    void super.close()
  }
}

class NeverCloses extends MemoryEventBus {
  override async close(): Promise<void> {}
}

/** Faults of publishing. */
export const brokenPublishing: readonly BrokenBus[] = [
  {
    fault: "forgets dedupe",
    Bus: keepsWindow(0),
    breaks: ["recognises an event published again", "takes an event once when many publish it at the same time"],
  },
  {
    fault: "forgets dedupe within a batch",
    Bus: ForgetsDedupeInBatch,
    breaks: ["recognises an event twice in one batch"],
  },
  {
    fault: "never forgets an id",
    Bus: keepsWindow(Number.MAX_SAFE_INTEGER),
    breaks: ["takes an event anew when the window has passed"],
  },
  {
    fault: "prolongs the window whenever an event is repeated",
    Bus: ProlongsWindow,
    breaks: ["counts the window from the first time, however often an event is repeated"],
  },
  {
    fault: "says full of an event that it has",
    Bus: FullBeforeKnown,
    breaks: ["recognises an event that it has although it is full"],
  },
  {
    fault: "loses the last event of a batch",
    Bus: LosesLastOfBatch,
    breaks: ["answers for many events in their order", "brings every record once, without gaps, in order"],
  },
  {
    fault: "turns a batch around",
    Bus: ReordersBatch,
    breaks: ["keeps each entity's order under concurrent publishers"],
  },
  {
    fault: "reports a duplicate at the wrong position",
    Bus: MisplacesDuplicates,
    breaks: ["recognises an event published again"],
  },
  {
    fault: "drops silently when it is full",
    Bus: DropsWhenFull,
    breaks: ["says bus_full instead of dropping, and takes events again when they are settled"],
  },
  {
    fault: "refuses a batch for one bad event",
    Bus: RefusesAllForOne,
    breaks: ["refuses an event for itself alone"],
  },
  { fault: "normalises text", Bus: NormalisesText, breaks: ["carries odd ids and payloads exactly"] },
  {
    fault: "forgets all but the last thousand ids",
    Bus: KnowsTheLastThousand,
    breaks: ["recognises an event after more than a thousand others"],
  },
  {
    fault: "is closed before its subscriptions have let go",
    Bus: ClosesBeforeItIsDrained,
    breaks: ["is closed only when its subscriptions have let go of what they drain"],
  },
  {
    fault: "goes on after it was closed",
    Bus: NeverCloses,
    breaks: ["says bus_closed after it was closed", "closes its subscriptions when the bus is closed"],
  },
]
