import { MemoryEventBus, type MemoryEventBusOptions, type Position, systemClock } from "@fabra/events"
import type {
  Assignment,
  Attempts,
  LeaseRequest,
  LeaseView,
  PartitionBatch,
  PartitionedLog,
} from "@fabra/events/adapter"
import type { BrokenBus, BusMaker } from "./broken-bus.js"

interface Lease {
  readonly consumer: string
  readonly life: string
  readonly until: number
}

/** What is wrong with leases that are otherwise sound. */
interface LeaseFaults {
  /** Looks whether a lease is free in one step and puts its own in another. */
  readonly plainPut?: boolean
  /** Renews what it is told is held, though another has taken it meanwhile. */
  readonly renewsOthers?: boolean
  readonly neverRenews?: boolean
  /** Lets go of what another has taken meanwhile. */
  readonly releasesOthers?: boolean
}

/** A log in memory whose leases are kept beside it. */
export function withLeases(faults: LeaseFaults): BusMaker {
  return class extends MemoryEventBus {
    readonly #leases = new Map<string, Lease>()
    readonly #now: () => number

    constructor(options: MemoryEventBusOptions) {
      super(options)
      const { clock = systemClock } = options
      this.#now = () => clock.now()
    }

    protected override log(closed: () => void): PartitionedLog {
      const log = super.log(closed)
      return { ...log, syncLeases: (request) => this.#sync(log, request) }
    }

    async #sync(log: PartitionedLog, request: LeaseRequest): Promise<LeaseView> {
      const view = await log.syncLeases({ ...request, held: [], wanted: [], released: [] })
      if (view.isSuperseded) return view
      const { group, consumer, life, leaseMs } = request
      const [now, leases] = [this.#now(), this.#leases]
      const keyOf = (partition: number) => `${group}/${partition}`
      const isOurs = (partition: number) => leases.get(keyOf(partition))?.life === life
      const put = (partition: number) => leases.set(keyOf(partition), { consumer, life, until: now + leaseMs })
      for (const partition of request.released)
        if (faults.releasesOthers || isOurs(partition)) leases.delete(keyOf(partition))
      const held = request.held.filter((partition) => faults.renewsOthers || isOurs(partition))
      if (!faults.neverRenews) held.forEach(put)
      const before = new Map(request.wanted.map((partition) => [partition, leases.get(keyOf(partition))]))
      const free = [...before].filter(([, lease]) => !lease || lease.consumer === consumer || lease.until <= now)
      if (faults.plainPut) await new Promise(setImmediate)
      for (const [partition] of free) put(partition)
      const checkpoints = await this.checkpoints(group)
      const taken = free.map(async ([partition, last]): Promise<Assignment> => {
        const isClean = last === undefined || last.life === life
        const quarantineUntil = isClean ? null : await endOf(log, partition)
        return { partition, checkpoint: checkpoints[partition] ?? null, quarantineUntil }
      })
      return { ...view, held, taken: await Promise.all(taken) }
    }
  }
}

async function endOf(log: PartitionedLog, partition: number): Promise<Position | null> {
  const [batch] = await log.read(new Map([[partition, null]]), { maxEvents: 1_000_000, maxWaitMs: 0 })
  return batch?.records.at(-1)?.position ?? null
}

/** Looks which groups there are in one step and trims in another, when one more may have joined. */
class TrimsInTwoSteps extends MemoryEventBus {
  readonly #trimmed = new Map<number, Position>()

  protected override log(closed: () => void): PartitionedLog {
    const log = super.log(closed)
    return {
      ...log,
      writeCheckpoint: async (...checkpoint) => {
        const [, partition] = checkpoint
        const groups = await this.groups()
        await log.writeCheckpoint(...checkpoint)
        const all = await Promise.all(groups.map(async (group) => (await this.checkpoints(group))[partition]))
        if (!all.every((position) => position != null)) return
        const slowest = (all as Position[]).sort()[0] as Position
        await new Promise(setImmediate)
        this.#trimmed.set(partition, slowest)
      },
      read: async (...asked) => (await log.read(...asked)).map((batch) => this.#left(batch)),
    }
  }

  #left({ partition, records }: PartitionBatch): PartitionBatch {
    const trimmed = this.#trimmed.get(partition) ?? ""
    return { partition, records: records.filter(({ position }) => position > trimmed) }
  }
}

class KeepsAnyCheckpoint extends MemoryEventBus {
  readonly #last = new Map<string, Position>()

  protected override log(closed: () => void): PartitionedLog {
    const log = super.log(closed)
    return {
      ...log,
      writeCheckpoint: async (group, partition, position, records) => {
        this.#last.set(`${group}/${partition}`, position)
        await log.writeCheckpoint(group, partition, position, records)
      },
      syncLeases: async (request) => {
        const view = await log.syncLeases(request)
        const lastOf = (partition: number) => this.#last.get(`${request.group}/${partition}`) ?? null
        return { ...view, taken: view.taken.map((of) => ({ ...of, checkpoint: lastOf(of.partition) })) }
      },
    }
  }
}

class CountsItself extends MemoryEventBus {
  protected override log(closed: () => void): PartitionedLog {
    const log = super.log(closed)
    const noteAttempts = async (attempts: Attempts) => (await log.noteAttempts(attempts)).map((others) => others + 1)
    return { ...log, noteAttempts }
  }
}

class ReadsAtMostAThousand extends MemoryEventBus {
  protected override log(closed: () => void): PartitionedLog {
    const log = super.log(closed)
    const firstOf = new Map<number, Position>()
    return {
      ...log,
      read: async (...asked) => {
        const batches = await log.read(...asked)
        return batches.map(({ partition, records }) => {
          const first = firstOf.get(partition) ?? records[0]?.position ?? ""
          firstOf.set(partition, first)
          return { partition, records: records.filter(({ position }) => Number(position) < Number(first) + 1_000) }
        })
      },
    }
  }
}

/** A fault of a log, found by the suite of logs alone (`logBreaks`) and by that of the bus which stands on it. */
export interface BrokenLog extends BrokenBus {
  readonly logBreaks: readonly string[]
}

/** Faults of the log under a bus. */
export const brokenLogs: readonly BrokenLog[] = [
  {
    fault: "puts its lease without comparing",
    Bus: withLeases({ plainPut: true }),
    breaks: ["shares the partitions of new groups among members that all join at the same time"],
    logBreaks: ["gives each partition to one of many that want it at the same time"],
  },
  {
    fault: "renews a lease that another has taken",
    Bus: withLeases({ renewsOthers: true }),
    breaks: ["tells an owner that slept through its leases that it has lost them, and leaves its heir alone"],
    logBreaks: ["passes on what ran out, in quarantine up to the end of the log, and tells its former owner"],
  },
  {
    fault: "never renews a lease",
    Bus: withLeases({ neverRenews: true }),
    breaks: ["renews the leases of a member that lives, however long it drains"],
    logBreaks: ["renews a lease in each round, for as long as that round says"],
  },
  {
    fault: "lets go of a lease that another has taken",
    Bus: withLeases({ releasesOthers: true }),
    breaks: [],
    logBreaks: ["lets go of its own leases only, and of these cleanly"],
  },
  {
    fault: "trims in two steps",
    Bus: TrimsInTwoSteps,
    breaks: ["keeps all that a group has been shown since it joined, whoever settles it at that moment"],
    logBreaks: ["keeps what a group was shown that joined while another settled it"],
  },
  {
    fault: "keeps the last checkpoint, not the greatest",
    Bus: KeepsAnyCheckpoint,
    breaks: [],
    logBreaks: ["keeps the greater checkpoint, whoever writes it"],
  },
  {
    fault: "counts a consumer's own notes",
    Bus: CountsItself,
    breaks: ["counts the other consumers that noted a record"],
    logBreaks: ["counts the others that noted a record, until they withdraw it or it is settled"],
  },
  {
    fault: "has no more than a thousand records",
    Bus: ReadsAtMostAThousand,
    breaks: ["brings the whole of a long partition"],
    logBreaks: ["brings a long log without gaps, at most maxEvents at a time"],
  },
]
