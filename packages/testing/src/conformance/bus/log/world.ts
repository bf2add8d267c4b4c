import { createEvent, type Position, systemClock } from "@fabra/events"
import {
  type AttemptKind,
  encodeEvent,
  type LeaseRequest,
  type LeaseView,
  type PartitionBatch,
  type PartitionedLog,
  partitionOf,
  type ReadOptions,
} from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { DEFAULT_PATIENCE_MS, Patience } from "../patience.js"
import type { PartitionedLogHarness, PartitionedLogSuite } from "./harness.js"

/** Partitions of the log in every test. */
export const PARTITIONS = 2
/** Nothing in a test may wait for such a lease to run out. */
export const LONG_LEASE_MS = 600_000
/** A lease that a test lets run out. */
export const SHORT_LEASE_MS = 1_000

/** What a member says in a round, besides who it is. */
export type Round = Partial<Pick<LeaseRequest, "held" | "wanted" | "released" | "leaving" | "leaseMs">>

/** One life of a consumer of a group, and the log it has. */
export class LogMember {
  readonly log: PartitionedLog
  readonly who: Pick<LeaseRequest, "group" | "consumer" | "life">

  constructor(log: PartitionedLog, who: Pick<LeaseRequest, "group" | "consumer" | "life">) {
    this.log = log
    this.who = who
  }

  /** One round of lease keeping. */
  round(round: Round = {}): Promise<LeaseView> {
    const nothing = { held: [], wanted: [], released: [], leaving: false, leaseMs: LONG_LEASE_MS }
    return this.log.syncLeases({ ...this.who, ...nothing, ...round })
  }

  /** Reads partitions, by default the first, and returns the positions of that one. */
  async read(after: Position | null, options: Partial<ReadOptions> = {}): Promise<Position[]> {
    const batches = await this.readAll(new Map([[0, after]]), options)
    return batches.flatMap(({ records }) => records.map(({ position }) => position))
  }

  readAll(
    cursors: ReadonlyMap<number, Position | null>,
    options: Partial<ReadOptions> = {},
  ): Promise<PartitionBatch[]> {
    return this.log.read(cursors, { maxEvents: 5_000, maxWaitMs: 0, ...options })
  }

  settle(position: Position, partition = 0, records = 1): Promise<void> {
    return this.log.writeCheckpoint(this.who.group, partition, position, records)
  }

  note(positions: readonly Position[], how: AttemptKind = "alone"): Promise<readonly number[]> {
    const { group, consumer, life } = this.who
    return this.log.noteAttempts({ group, consumer: `${consumer}/${life}`, partition: 0, positions, how })
  }
}

/** The stage of one test. */
export class LogWorld {
  readonly patience: Patience
  readonly #harness: PartitionedLogHarness
  readonly #logs: PartitionedLog[] = []
  #events = 0

  constructor(harness: PartitionedLogHarness, patienceMs: number) {
    this.#harness = harness
    this.patience = new Patience(harness.clock ?? systemClock, patienceMs)
  }

  /** A member with a log of its own. A later life of a consumer sorts after an earlier one. */
  async member(consumer = "one", { group = "group", life = 1 } = {}): Promise<LogMember> {
    const log = await this.#harness.open()
    this.#logs.push(log)
    return new LogMember(log, { group, consumer, life: `${consumer}-${life}` })
  }

  /** Appends events to a partition and returns their positions. */
  async fill(count: number, partition = 0): Promise<Position[]> {
    let entityId = ""
    for (let i = 0; entityId === "" || partitionOf(entityId, PARTITIONS) !== partition; i++) entityId = `entity-${i}`
    const events = Array.from({ length: count }, () => {
      const event = createEvent({ eventType: "tested", entityId, payload: { n: ++this.#events } })
      return { eventId: event.eventId, entityId, data: encodeEvent(event) }
    })
    const results = await this.#harness.append(events)
    return results.map((result) => {
      if (!result.ok) throw result.error
      return result.position
    })
  }

  /** Reads a partition from its beginning until there are `count` records, a few hundred at a time; returns their positions. */
  async readAll({ log }: LogMember, count: number, partition = 0): Promise<Position[]> {
    const read: Position[] = []
    await this.patience.until(`${count} records were read`, async () => {
      const cursors = new Map([[partition, read.at(-1) ?? null]])
      for (const { records } of await log.read(cursors, { maxEvents: 300, maxWaitMs: 50 })) {
        expect(records.length).toBeLessThanOrEqual(300)
        read.push(...records.map(({ position }) => position))
      }
      return read.length >= count
    })
    return read
  }

  async close(): Promise<void> {
    for (const log of this.#logs) await log.close()
    await this.#harness.cleanup()
  }
}

/** Declares one promise of a log and how it is put to the test. */
export type LogCheck = (title: string, run: (world: LogWorld) => Promise<void>) => void

/** Makes the {@link LogCheck} of a suite: every test gets a namespace of its own. */
export function logChecksOf({ create, patienceMs = DEFAULT_PATIENCE_MS }: PartitionedLogSuite): LogCheck {
  return (title, run) => {
    test(title, { timeout: patienceMs * 6 }, async () => {
      const world = new LogWorld(await create({ partitions: PARTITIONS }), patienceMs)
      try {
        await run(world)
      } catch (error) {
        await world.close().catch(() => {})
        throw error
      }
      await world.close()
    })
  }
}
