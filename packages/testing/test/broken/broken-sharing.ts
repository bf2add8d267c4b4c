import { randomUUID } from "node:crypto"
import { MemoryEventBus, type PartitionLag, type Position } from "@fabra/events"
import type { Assignment, PartitionBatch, ReadOptions, SubscribeOptions, Subscription } from "@fabra/events/adapter"
import { type BrokenBus, withOptions, withSubscription } from "./broken-bus.js"
import { PassingSubscription } from "./passing-subscription.js"

class ConsumesWhatItReads extends PassingSubscription {
  override async read(options: ReadOptions): Promise<PartitionBatch[]> {
    const batches = await super.read(options)
    for (const { partition, records } of batches) {
      await super.checkpoint(partition, records.at(-1)?.position as string, records.length)
    }
    return batches
  }
}

/** Shows nobody what one group has settled. */
class TrimsForAll extends MemoryEventBus {
  readonly #settled = new Map<number, Position>()
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const settled = this.#settled
    const Trimming = class extends PassingSubscription {
      override async checkpoint(partition: number, position: Position, records: number): Promise<void> {
        settled.set(partition, position)
        await super.checkpoint(partition, position, records)
      }
      override async read(readOptions: ReadOptions): Promise<PartitionBatch[]> {
        const batches = await super.read(readOptions)
        return batches.map(({ partition, records }) => ({
          partition,
          records: records.filter(({ position }) => position > (settled.get(partition) ?? "")),
        }))
      }
    }
    return new Trimming(await super.subscribe(options))
  }
}

/** One group's checkpoint is every group's, and every member's. */
class SharesCheckpoints extends MemoryEventBus {
  readonly #all: Subscription[] = []
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const all = this.#all
    const Sharing = class extends PassingSubscription {
      override async checkpoint(partition: number, position: Position, records: number): Promise<void> {
        for (const inner of all) await inner.checkpoint(partition, position, records)
      }
    }
    const inner = await super.subscribe(options)
    all.push(inner)
    return new Sharing(inner)
  }
}

class EndsAfterAThousand extends PassingSubscription {
  #count = 0
  override async read(options: ReadOptions): Promise<PartitionBatch[]> {
    const batches = await super.read(options)
    return batches.filter(({ records }) => {
      this.#count += records.length
      return this.#count <= 1_000
    })
  }
}

class CountsAttempts extends PassingSubscription {
  #attempts = 0
  override async noteAttempts(_: number, positions: readonly Position[]): Promise<number[]> {
    return positions.map(() => this.#attempts++)
  }
}

/** Whichever member leaves, all leases of the group are free. */
class LetsGoForAll extends MemoryEventBus {
  readonly #all: { readonly inner: Subscription; readonly options: SubscribeOptions }[] = []
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const all = this.#all
    const inner = await super.subscribe(options)
    all.push({ inner, options })
    const Leaving = class extends PassingSubscription {
      override async close(): Promise<void> {
        await super.close()
        for (const other of all) {
          if (other.inner !== inner) for (let partition = 0; partition < 4; partition++) other.options.onLost(partition)
        }
      }
    }
    return new Leaving(inner)
  }
}

/** Goes on with what it has lost. */
function keepsWhatItLost(options: SubscribeOptions): SubscribeOptions {
  const assigned = new Map<number, Assignment>()
  return {
    ...options,
    onAssigned: (assignment) => {
      assigned.set(assignment.partition, assignment)
      options.onAssigned(assignment)
    },
    onLost: (partition) => {
      options.onLost(partition)
      const last = assigned.get(partition)
      if (last !== undefined) options.onAssigned(last)
    },
  }
}

class KnowsEveryGroup extends MemoryEventBus {
  override async lag(group: string): Promise<PartitionLag[]> {
    return super.lag(group).catch(() => [])
  }
}

class LagsFromTheStart extends MemoryEventBus {
  #published = 0
  override async lag(group: string): Promise<PartitionLag[]> {
    this.#published++
    return (await super.lag(group)).map((lag) => ({ ...lag, events: lag.events + this.#published - 1 }))
  }
}

/** Faults of checkpoints, assignment and take-over. */
export const brokenSharing: readonly BrokenBus[] = [
  {
    fault: "consumes what it reads",
    Bus: withSubscription((inner) => new ConsumesWhatItReads(inner)),
    breaks: ["consumes nothing: without a checkpoint all is read again"],
  },
  {
    fault: "trims past the slowest group",
    Bus: TrimsForAll,
    breaks: [
      "trims nothing that a group has yet to settle",
      "trims nothing that a group without members has yet to settle",
    ],
  },
  {
    fault: "takes a checkpoint from anybody",
    Bus: SharesCheckpoints,
    breaks: ["ignores a checkpoint of a partition that is not assigned"],
  },
  {
    fault: "hands a partition to two members",
    Bus: withOptions((options) => ({ ...options, group: `${options.group}.${options.consumer}` })),
    breaks: ["shares the partitions among members, each with one owner"],
  },
  {
    fault: "hands over what is not drained",
    Bus: withOptions((options) => ({
      ...options,
      onRevoked: async (partition) => {
        void options.onRevoked(partition)
      },
    })),
    breaks: ["hands a partition over only when its owner has drained it"],
  },
  {
    fault: "never asks for quarantine",
    Bus: withOptions((options) => ({
      ...options,
      onAssigned: (assignment) => options.onAssigned({ ...assignment, quarantineUntil: null }),
    })),
    breaks: ["passes a dead member's partitions on when its lease has run out, to be read in quarantine"],
  },
  {
    fault: "takes every leave for a crash",
    Bus: withOptions((options) => ({
      ...options,
      onAssigned: (assignment) => options.onAssigned({ ...assignment, quarantineUntil: "000000000002" }),
    })),
    breaks: ["hands over at once when a member closes"],
  },
  {
    fault: "takes a lease that has not run out",
    Bus: withOptions((options) => ({ ...options, leaseMs: 1_000 })),
    breaks: ["leaves a silent member its partitions until the lease has run out"],
  },
  {
    fault: "takes each life of a consumer for another consumer",
    Bus: withOptions((options) => ({ ...options, consumer: `${options.consumer}-${randomUUID()}` })),
    breaks: ["gives the next life of a consumer its partitions at once, to be read in quarantine"],
  },
  {
    fault: "lets go for all when one leaves",
    Bus: LetsGoForAll,
    breaks: ["leaves an heir its partitions when the owner before it releases its leases late"],
  },
  {
    fault: "counts attempts instead of consumers",
    Bus: withSubscription((inner) => new CountsAttempts(inner)),
    breaks: ["counts the other consumers that noted a record"],
  },
  {
    fault: "never tells that a lease is lost",
    Bus: withOptions((options) => ({ ...options, onLost: () => {} })),
    breaks: ["tells an owner that slept through its leases that it has lost them, and leaves its heir alone"],
  },
  {
    fault: "takes back what another has taken while it slept",
    Bus: withOptions(keepsWhatItLost),
    breaks: ["tells an owner that slept through its leases that it has lost them, and leaves its heir alone"],
  },
  {
    fault: "drops what lies beyond a thousand records",
    Bus: withSubscription((inner) => new EndsAfterAThousand(inner)),
    breaks: ["brings the whole of a long partition"],
  },
  {
    fault: "knows every group",
    Bus: KnowsEveryGroup,
    breaks: ["does not know a group that never was"],
  },
  {
    fault: "counts more and more lag",
    Bus: LagsFromTheStart,
    breaks: ["counts what lies behind the checkpoint, through every change of owner"],
  },
]
