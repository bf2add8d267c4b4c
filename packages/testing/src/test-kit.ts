import {
  type Duration,
  type Feature,
  type FeatureRow,
  type FeatureStore,
  MemoryFeatureCache,
  MemoryVectorStore,
  type SearchHit,
  type SearchQuery,
  type VectorIndex,
} from "@fabra/core"
import { parseDuration, type ServedValue } from "@fabra/core/adapter"
import { type AxiomEvent, type DeadLetter, MemoryEventBus } from "@fabra/events"
import { stampEventsBy } from "@fabra/events/adapter"
import { AxiomWorker } from "@fabra/worker"
import { TestClock } from "./test-clock.js"

/** Options of {@link createTestKit}. */
export interface TestKitOptions {
  /** What time it is when the test begins. Default 2026-01-01T00:00:00Z. */
  readonly now?: Date | string | number
}

const memories = new WeakMap<FeatureStore, { cache: MemoryFeatureCache; vectors: MemoryVectorStore }>()

/**
 * Runs the handlers of a store on a real worker, embedded, with time under control: handlers see it as `context.now`, and
 * events that name no time are of it. Retries do not wait.
 *
 * @example
 * const kit = createTestKit(store)
 * await kit.give(purchase.create({ entityId: "user_123", payload: { amount: 99.99 } }))
 * expect(await kit.read(totalPurchases, "user_123")).toBe(1)
 * await kit.close()
 */
export class TestKit implements AsyncDisposable {
  readonly clock: TestClock
  readonly bus: MemoryEventBus
  readonly store: FeatureStore
  readonly #worker: AxiomWorker
  readonly #running: Promise<void>
  readonly #warnings: string[] = []
  readonly #unstamp: () => void

  /** Use {@link createTestKit}. */
  constructor(store: FeatureStore, clock: TestClock, cache: MemoryFeatureCache) {
    this.store = store
    this.clock = clock
    this.bus = new MemoryEventBus({ clock })
    const warn = (_fields: object, message: string) => this.#warnings.push(message)
    const logger = { info: () => {}, warn, error: warn }
    this.#worker = new AxiomWorker(store, { bus: this.bus, cache, clock, logger, retryBaseMs: 0 })
    this.#running = this.#worker.run()
    this.#running.catch(() => {}) // told by the next give()
    this.#unstamp = stampEventsBy(clock)
  }

  /**
   * Publishes events and waits until all they trigger is applied or in {@link deadLetters}. A handler that waits for
   * time waits for ever: move the clock from beside it.
   * @throws FabraError when the bus refuses one of them
   */
  async give(...events: readonly AxiomEvent<string, object>[]): Promise<void> {
    for (const event of events) await this.bus.publish(event)
    await Promise.race([this.#worker.idle(), this.#running])
  }

  /**
   * Moves time forward, from one thing that is due to the next, and waits until all that is due on schedule is computed.
   * @param time milliseconds, or text such as `"5m"`
   */
  async advance(time: Duration): Promise<void> {
    const ms = parseDuration(time, "time")
    const half = Math.floor(ms / 2)
    // Upkeep comes twice: records that are beyond their ttl are removed once checkpoints of the round before cover them.
    for (const part of [half, ms - half]) await this.clock.advance(part, { skipUpkeep: true })
    await this.#worker.schedulesIdle()
  }

  /** The value of a feature, as `store.getFeature`. */
  read<F extends Feature>(feature: F, entityId: string): Promise<ServedValue<F>> {
    return this.store.getFeature(feature, entityId)
  }

  /** Several features with their times and status, as `store.getFeatures`. */
  readAll<const F extends readonly Feature[]>(features: F, entityId: string): Promise<FeatureRow<F>> {
    return this.store.getFeatures(features, entityId)
  }

  /** What an index holds near a text, as `store.search`. */
  search(index: VectorIndex | string, query: SearchQuery): Promise<SearchHit[]> {
    return this.store.search(index, query)
  }

  /** What has failed for good so far, oldest first. */
  async deadLetters(): Promise<readonly DeadLetter[]> {
    return (await this.bus.deadLetters.list({}, { limit: 1000 })).entries
  }

  /** Warnings and errors the worker has logged. */
  get warnings(): readonly string[] {
    return this.#warnings
  }

  async close(): Promise<void> {
    this.#unstamp()
    await this.#worker.stop()
    await this.bus.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Starts a {@link TestKit} on a store that was defined without a cache and a vector store. Each new kit begins with no data; close one before
 * the next is made for the same store.
 * @throws FabraError `invalid_argument` when the store has one of its own
 */
export function createTestKit(store: FeatureStore, { now }: TestKitOptions = {}): TestKit {
  const clock = new TestClock(now)
  const memory = memories.get(store) ?? { cache: new MemoryFeatureCache(), vectors: new MemoryVectorStore() }
  memory.cache.clear()
  memory.vectors.clear()
  store.connect({ ...memory, clock })
  memories.set(store, memory)
  return new TestKit(store, clock, memory.cache)
}
