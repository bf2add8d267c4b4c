import {
  type AxiomEvent,
  createEvent,
  type EventBus,
  type JsonObject,
  type PublishReceipt,
  systemClock,
} from "@fabra/events"
import { partitionOf } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import type { EventBusHarness, EventBusSuite, EventBusSuiteOptions } from "./harness.js"
import { type JoinOptions, Member } from "./member.js"
import { DEFAULT_PATIENCE_MS, Patience } from "./patience.js"

const DEFAULTS: EventBusSuiteOptions = {
  partitions: 4,
  dedupeWindowMs: 120_000,
  maxEventBytes: 16 * 1024,
  maxEventsPerPartition: 10_000,
}

/** Long enough that nothing in a test may be waiting for it to run out. */
export const LONG_LEASE_MS = 600_000
/** Short enough to wait for, long enough for a busy machine to renew it. */
export const SHORT_LEASE_MS = 1_500

/** The stage of one test: a namespace, its members, and who held what when. */
export class BusWorld {
  readonly options: EventBusSuiteOptions
  readonly harness: EventBusHarness
  readonly bus: EventBus
  readonly patience: Patience
  /** Partitions that had two owners at a time. Empty on any sound bus. */
  readonly overlaps: string[] = []
  readonly #owners = new Map<string, Member>()
  readonly #members: Member[] = []
  readonly #drains: (() => void)[] = []
  #counter = 0

  constructor(options: EventBusSuiteOptions, harness: EventBusHarness, patienceMs: number) {
    this.options = options
    this.harness = harness
    this.bus = harness.bus
    this.patience = new Patience(harness.clock ?? systemClock, patienceMs)
  }

  /** Another client if the bus can be shared, else the one there is. */
  async other(): Promise<EventBus> {
    return (await this.harness.another?.()) ?? this.bus
  }

  /** A member that has been announced; with the defaults it waits for nothing to run out. */
  join(options: Partial<JoinOptions> = {}): Promise<Member> {
    const consumer = `consumer-${++this.#counter}`
    const joining = { bus: this.bus, group: "group", consumer, leaseMs: LONG_LEASE_MS, ...options }
    const member = new Member(joining, this.patience, {
      take: (partition, taker) => this.#take(partition, taker),
      release: (partition, holder) => this.#release(partition, holder),
    })
    this.#members.push(member)
    return member.join()
  }

  /** A member that holds every partition. */
  async joinAlone(options: Partial<JoinOptions> = {}): Promise<Member> {
    return (await this.join(options)).holds(this.options.partitions)
  }

  #take(partition: number, member: Member): void {
    const key = `${member.options.group}/${partition}`
    const owner = this.#owners.get(key)
    if (owner !== undefined && owner !== member) {
      this.overlaps.push(`${key} went to ${member.options.consumer} while ${owner.options.consumer} held it`)
    }
    this.#owners.set(key, member)
  }

  #release(partition: number, member: Member): void {
    const key = `${member.options.group}/${partition}`
    if (this.#owners.get(key) === member) this.#owners.delete(key)
  }

  /** Kills a member's client. */
  async crash(member: Member): Promise<void> {
    await this.harness.crash(member.options.bus)
    for (const [key, owner] of this.#owners) if (owner === member) this.#owners.delete(key)
  }

  /**
   * Suspends a member's client; `undefined` if the bus cannot. What it held is free to be taken by others once its leases
   * have run out, before it wakes up and learns of it.
   */
  suspend(member: Member): (() => void) | undefined {
    const resume = this.harness.suspend?.(member.options.bus)
    if (resume !== undefined) {
      this.#drains.push(resume)
      for (const [key, owner] of this.#owners) if (owner === member) this.#owners.delete(key)
    }
    return resume
  }

  /** Makes a member's `onRevoked` wait until the returned function is called, at the latest until the test is over. */
  holdDrain(member: Member): () => void {
    const release = member.holdDrain()
    this.#drains.push(release)
    return release
  }

  /** An id whose events go to `partition`; another `n`, another id. */
  entity(partition: number, n = 0): string {
    for (let i = 0, left = n; ; i++) {
      const id = `entity-${i}`
      if (partitionOf(id, this.options.partitions) === partition && left-- === 0) return id
    }
  }

  event(entityId: string, payload: JsonObject = {}): AxiomEvent {
    return createEvent({ eventType: "tested", entityId, payload: { n: ++this.#counter, ...payload } })
  }

  /** `count` events of one entity of a partition. */
  events(count: number, partition = 0): AxiomEvent[] {
    return Array.from({ length: count }, () => this.event(this.entity(partition)))
  }

  /** Publishes events of which none may be refused. */
  async publish(events: readonly AxiomEvent[], bus: EventBus = this.bus): Promise<PublishReceipt[]> {
    const results = await bus.publish(events)
    return results.map((result) => {
      if (!result.ok) throw result.error
      return result
    })
  }

  /** Publishes `count` events to one partition and returns their positions. */
  async fill(count: number, partition = 0): Promise<string[]> {
    const receipts = await this.publish(this.events(count, partition))
    return receipts.map(({ position }) => position)
  }

  async close(): Promise<void> {
    for (const release of this.#drains) release()
    await this.harness.cleanup()
    expect(this.overlaps, "partitions with two owners").toEqual([])
  }
}

/** Declares one promise and how it is put to the test. */
export type Check = (
  title: string,
  run: (world: BusWorld) => Promise<void>,
  options?: Partial<EventBusSuiteOptions>,
) => void

/** Makes the {@link Check} of a suite: every test gets a namespace of its own. */
export function checksOf({ create, patienceMs = DEFAULT_PATIENCE_MS }: EventBusSuite): Check {
  return (title, run, options = {}) => {
    test(title, { timeout: patienceMs * 6 }, async () => {
      const asked = { ...DEFAULTS, ...options }
      const world = new BusWorld(asked, await create(asked), patienceMs)
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

/** Where records or receipts stand, in the order given: `partition@position`. */
export function places(of: readonly { readonly partition: number; readonly position: string }[]): string[] {
  return of.map(({ partition, position }) => `${partition}@${position}`)
}

/** As {@link places}, partition after partition, each in the order given: what a faithful reader of them all sees. */
export function placesByPartition(of: readonly { readonly partition: number; readonly position: string }[]): string[] {
  return places([...of].sort((a, b) => a.partition - b.partition))
}
