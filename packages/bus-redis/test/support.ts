import { type AxiomEvent, type BusNotice, createEvent, type EventBus, type JsonObject } from "@fabra/events"
import {
  type Assignment,
  type PartitionBatch,
  partitionOf,
  type SubscribeOptions,
  type Subscription,
} from "@fabra/events/adapter"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, afterEach, beforeAll } from "vitest"
import { RedisEventBus, type RedisEventBusOptions } from "../src/index.js"
import { Keys, type PartitionKeys } from "../src/keyspace/keys.js"

export const PARTITIONS = 4
/** Tests that kill, stop or empty the server are for a private one. */
export const isExternal = Boolean(process.env.FABRA_TEST_REDIS_URL)

/** A Redis server for the tests of one file, and what they make on it; all of it is closed by itself. */
export class TestRedis {
  #server: RedisTestServer | undefined
  #raw: Redis | undefined
  readonly #buses: RedisEventBus[] = []

  constructor(options?: Parameters<typeof startRedisServer>[0]) {
    beforeAll(async () => {
      this.#server = await startRedisServer(options)
      this.#raw = new Redis(this.#server.adminUrl, { maxRetriesPerRequest: null })
      this.#raw.on("error", () => {})
    })
    afterEach(async () => {
      await Promise.all(this.#buses.splice(0).map((bus) => bus.close()))
    })
    afterAll(async () => {
      this.#raw?.disconnect()
      await this.#server?.stop()
    })
  }

  get server(): RedisTestServer {
    if (this.#server === undefined) throw new Error("The server is started before the tests.")
    return this.#server
  }

  /** An ordinary client, to look at what the bus has done. */
  get raw(): Redis {
    if (this.#raw === undefined) throw new Error("The server is started before the tests.")
    return this.#raw
  }

  /** Kills the server and starts it again with all that it had. */
  async restart(): Promise<void> {
    await this.raw.save()
    await this.server.restart()
  }

  /** A namespace that no other test uses. */
  space(): Space {
    return new Space(this, this.server.namespace())
  }

  /** Closes the bus after the test. */
  keep(bus: RedisEventBus): RedisEventBus {
    this.#buses.push(bus)
    return bus
  }
}

/** A namespace, with the buses of one test. */
export class Space {
  readonly partitions: readonly PartitionKeys[]
  readonly keys: Keys
  readonly #redis: TestRedis
  readonly #namespace: string

  constructor(redis: TestRedis, namespace: string) {
    this.#redis = redis
    this.#namespace = namespace
    this.keys = new Keys(namespace)
    this.partitions = this.keys.partitions(PARTITIONS)
  }

  get namespace(): string {
    return this.#namespace
  }

  bus(options: RedisEventBusOptions = {}): RedisEventBus {
    const where = options.client || options.url ? {} : { url: this.#redis.server.url }
    const defaults = { namespace: this.#namespace, partitions: PARTITIONS, retentionMs: 0 }
    return this.#redis.keep(new RedisEventBus({ ...where, ...defaults, ...options }))
  }

  /** The stream of a partition. */
  stream(partition: number): string {
    return (this.partitions[partition] as PartitionKeys).events
  }

  /** What `XINFO GROUPS` says of a group. */
  async group(partition: number, name: string): Promise<Record<string, unknown> | undefined> {
    const groups = (await this.#redis.raw.xinfo("GROUPS", this.stream(partition))) as unknown[][]
    return groups
      .map((flat) => Object.fromEntries(flat.flatMap((_, i) => (i % 2 === 0 ? [[flat[i], flat[i + 1]]] : []))))
      .find((group) => group.name === name)
  }
}

/** An id whose events go to `partition`. */
export function entityIn(partition: number, partitions = PARTITIONS): string {
  for (let i = 0; ; i++) if (partitionOf(`entity-${i}`, partitions) === partition) return `entity-${i}`
}

let counter = 0

export function eventIn(partition: number, payload: JsonObject = {}): AxiomEvent {
  return createEvent({ eventType: "tested", entityId: entityIn(partition), payload: { n: ++counter, ...payload } })
}

export function eventsIn(partition: number, count: number): AxiomEvent[] {
  return Array.from({ length: count }, () => eventIn(partition))
}

/** A subscription that writes down what it is told. */
export interface Member {
  readonly subscription: Subscription
  readonly assigned: Assignment[]
  readonly revoked: number[]
  readonly lost: number[]
  readonly notices: BusNotice[]
  /** Reads until so many records have come. */
  take(count: number): Promise<PartitionBatch[]>
}

export async function join(bus: EventBus, options: Partial<SubscribeOptions> = {}): Promise<Member> {
  const told = {
    assigned: [] as Assignment[],
    revoked: [] as number[],
    lost: [] as number[],
    notices: [] as BusNotice[],
  }
  const subscription = await bus.subscribe({
    group: "workers",
    consumer: `consumer-${++counter}`,
    leaseMs: 60_000,
    onAssigned: (assignment) => told.assigned.push(assignment),
    onRevoked: async (partition) => {
      told.revoked.push(partition)
    },
    onLost: (partition) => told.lost.push(partition),
    onNotice: (notice) => told.notices.push(notice),
    ...options,
  })
  return {
    subscription,
    ...told,
    async take(count) {
      const batches: PartitionBatch[] = []
      while (batches.reduce((sum, { records }) => sum + records.length, 0) < count) {
        batches.push(...(await subscription.read({ maxEvents: 100, maxWaitMs: 10_000 })))
      }
      return batches
    },
  }
}

/** The `n` of each event's payload, in the order read. */
export function numbers(batches: readonly PartitionBatch[]): number[] {
  return batches.flatMap(({ records }) => records.map(({ data }) => JSON.parse(data).payload.n))
}
