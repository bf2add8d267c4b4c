import { MemoryEventBus, type PublishResult } from "@fabra/events"
import type { EncodedEvent, PartitionBatch, ReadOptions, SubscribeOptions, Subscription } from "@fabra/events/adapter"
import { type BrokenBus, withSubscription } from "./broken-bus.js"
import { PassingSubscription } from "./passing-subscription.js"

/** As a log in files of 64 records each, that takes the first one of a file for the last one of the file before. */
class LosesAtBorder extends PassingSubscription {
  override async read(options: ReadOptions): Promise<PartitionBatch[]> {
    const batches = await super.read(options)
    return batches.map(({ partition, records: [first, ...rest] }) => ({
      partition,
      records: first === undefined || Number(first.position) % 64 === 1 ? rest : [first, ...rest],
    }))
  }
}

/** Gives out numbers before it writes: with two at a time, the later record may be there first. */
class NumbersBeforeWriting extends MemoryEventBus {
  #writing = 0
  protected override async append(events: readonly EncodedEvent[]): Promise<PublishResult[]> {
    this.#writing++
    const results = await super.append(events)
    await new Promise(setImmediate)
    this.#writing--
    return results
  }
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const isRacing = () => this.#writing > 1
    const Racing = class extends PassingSubscription {
      override async read(readOptions: ReadOptions): Promise<PartitionBatch[]> {
        const batches = await super.read(readOptions)
        if (!isRacing()) return batches
        return batches.map(({ partition, records }) => ({
          partition,
          records: records.slice(records.length > 1 ? 1 : 0),
        }))
      }
    }
    return new Racing(await super.subscribe(options))
  }
}

/** Goes on to the next partition when the one before is at its end. */
class ReadsInTurn extends PassingSubscription {
  #later: PartitionBatch[] = []
  override async read(options: ReadOptions): Promise<PartitionBatch[]> {
    const batches = await super.read({ ...options, maxWaitMs: this.#later.length > 0 ? 0 : options.maxWaitMs })
    const [first, ...others] = batches
    this.#later.push(...others)
    return first === undefined ? this.#later.splice(0, 1) : [first]
  }
}

/** Faults of reading that show only in a long log or among many publishers. */
export const brokenGaps: readonly BrokenBus[] = [
  {
    fault: "loses a record at a border",
    Bus: withSubscription((inner) => new LosesAtBorder(inner)),
    breaks: ["leaves no gap after a seek, wherever it lands"],
  },
  {
    fault: "numbers records before it writes them",
    Bus: NumbersBeforeWriting,
    breaks: ["misses nothing that many publish at the same time while it reads"],
  },
  {
    fault: "reads one partition after the other",
    Bus: withSubscription((inner) => new ReadsInTurn(inner)),
    breaks: ["lets no partition wait for the backlog of another"],
  },
]
