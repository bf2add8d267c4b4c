import {
  createEvent,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterQueue,
  MemoryEventBus,
  type MemoryEventBusOptions,
  type ReplayOutcome,
} from "@fabra/events"
import { decodeEvent, type NewDeadLetter, replayEvent } from "@fabra/events/adapter"
import type { BrokenBus, BusMaker } from "./broken-bus.js"

/** A queue that does what another one does: a broken one changes a method of it. */
class PassingQueue implements DeadLetterQueue {
  readonly inner: DeadLetterQueue
  readonly bus: MemoryEventBus

  constructor(bus: MemoryEventBus) {
    this.bus = bus
    this.inner = bus.deadLetters
  }

  append(entries: readonly NewDeadLetter[]): Promise<void> {
    return this.inner.append(entries)
  }
  list(filter?: DeadLetterFilter, options?: { after?: string; limit?: number }): Promise<DeadLetterPage> {
    return this.inner.list(filter, options)
  }
  get(id: string): Promise<DeadLetter | undefined> {
    return this.inner.get(id)
  }
  replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    return this.inner.replay(ids)
  }
  discard(ids: readonly string[]): Promise<number> {
    return this.inner.discard(ids)
  }
  stats(): Promise<{ count: number; oldestAt: number | null }> {
    return this.inner.stats()
  }
}

function withQueue(Queue: new (bus: MemoryEventBus) => DeadLetterQueue): BusMaker {
  return class extends MemoryEventBus {
    constructor(options: MemoryEventBusOptions) {
      super(options)
      Object.assign(this, { deadLetters: new Queue(this) })
    }
  }
}

/** Gives every entry an identity of its own and takes it off again when it is read. */
class AppendsTwice extends PassingQueue {
  #counter = 0
  override append(entries: readonly NewDeadLetter[]): Promise<void> {
    return super.append(entries.map((entry) => ({ ...entry, partition: ++this.#counter * 1000 + entry.partition })))
  }
  override async list(
    filter?: DeadLetterFilter,
    options?: { after?: string; limit?: number },
  ): Promise<DeadLetterPage> {
    const { entries, next } = await super.list(filter, options)
    return { entries: entries.map((entry) => ({ ...entry, partition: entry.partition % 1000 })), next }
  }
}

/** Remembers an entry only while it is there. */
class ForgetsDiscarded extends PassingQueue {
  #generation = 0
  override async append(entries: readonly NewDeadLetter[]): Promise<void> {
    await super.append(
      entries.map((entry) => ({
        ...entry,
        attempts: entry.attempts,
        group: entry.group + "~".repeat(this.#generation),
      })),
    )
  }
  override async discard(ids: readonly string[]): Promise<number> {
    this.#generation++
    return super.discard(ids)
  }
}

class IgnoresFilter extends PassingQueue {
  override list(_: DeadLetterFilter = {}, options?: { after?: string; limit?: number }): Promise<DeadLetterPage> {
    return super.list({}, options)
  }
}

class LosesSecondPage extends PassingQueue {
  override async list(
    filter?: DeadLetterFilter,
    options?: { after?: string; limit?: number },
  ): Promise<DeadLetterPage> {
    return { ...(await super.list(filter, options)), next: null }
  }
}

class ReplaysForAll extends PassingQueue {
  override async replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    for (const entry of await Promise.all(ids.map((id) => this.get(id)))) {
      if (entry) await this.bus.publish(createEvent({ ...decodeEvent(entry.data), eventId: `replay_${entry.id}` }))
    }
    await this.discard(ids)
    return ids.map((id) => ({ id, status: "replayed" }))
  }
}

class KeepsReplayed extends PassingQueue {
  override async replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    for (const entry of await Promise.all(ids.map((id) => this.get(id)))) {
      if (entry) await this.bus.publish(replayEvent(entry))
    }
    return ids.map((id) => ({ id, status: "replayed" }))
  }
}

/** Gives each replay a new id: asked twice, it publishes twice. */
class ReplaysTwice extends PassingQueue {
  #counter = 0
  override async replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    const entries = await Promise.all(ids.map((id) => this.get(id)))
    for (const entry of entries) {
      if (entry) await this.bus.publish({ ...replayEvent(entry), eventId: `replay_${++this.#counter}` })
    }
    await this.discard(ids)
    return ids.map((id, i) => ({ id, status: entries[i] ? "replayed" : "not_found" }))
  }
}

class DiscardsUnreadable extends PassingQueue {
  override async replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    const outcomes = await super.replay(ids)
    await this.discard(ids)
    return outcomes
  }
}

/** Takes an entry off, and then publishes it, which may fail. */
class TakesOffFirst extends PassingQueue {
  readonly #gone = new Set<string>()
  override async get(id: string): Promise<DeadLetter | undefined> {
    return this.#gone.has(id) ? undefined : super.get(id)
  }
  override replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    for (const id of ids) this.#gone.add(id)
    return super.replay(ids)
  }
}

/** Faults of the dead-letter queue. */
export const brokenDeadLetters: readonly BrokenBus[] = [
  {
    fault: "appends a dead letter twice",
    Bus: withQueue(AppendsTwice),
    breaks: ["adds a dead letter once, however often it is appended"],
  },
  {
    fault: "appends a dead letter again that was discarded",
    Bus: withQueue(ForgetsDiscarded),
    breaks: ["adds nothing again that was discarded or replayed"],
  },
  { fault: "ignores the filter", Bus: withQueue(IgnoresFilter), breaks: ["lists those that a filter means"] },
  { fault: "ends after one page", Bus: withQueue(LosesSecondPage), breaks: ["lists page by page, filtered or not"] },
  {
    fault: "replays without an aim",
    Bus: withQueue(ReplaysForAll),
    breaks: ["publishes the event again, aimed at the features that failed"],
  },
  {
    fault: "keeps what it replayed",
    Bus: withQueue(KeepsReplayed),
    breaks: ["takes a replayed dead letter off the queue"],
  },
  {
    fault: "replays twice when asked twice",
    Bus: withQueue(ReplaysTwice),
    breaks: ["publishes once when asked twice"],
  },
  {
    fault: "throws away what it cannot replay",
    Bus: withQueue(DiscardsUnreadable),
    breaks: ["answers for each id alone"],
  },
  {
    fault: "takes a dead letter off before it is published",
    Bus: withQueue(TakesOffFirst),
    breaks: ["keeps a dead letter that it cannot publish"],
  },
]
