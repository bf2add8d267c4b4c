import type { Random } from "@fabra/test-support/random"
import { Book } from "./book.js"
import { type Connection, connect } from "./connect.js"
import { Onlooker } from "./onlooker.js"
import type { ConnectionPlan } from "./plan.js"
import { Producer } from "./producer.js"
import { randomOf } from "./random.js"
import type { Stream } from "./streams.js"
import { Watcher } from "./watcher.js"

const RUBBISH_EVERY_MS = 400

/** Everybody but the workers: two producers, a watcher, an onlooker, and somebody who writes rubbish into the streams. */
export class Load {
  readonly book: Book
  readonly watcher: Watcher
  readonly onlooker: Onlooker
  /** A way to bus and cache that no fault of the network is on. */
  readonly connection: Connection
  readonly #connections: readonly Connection[]
  readonly #producers: readonly [Producer, Producer]
  readonly #random: Random
  #producing: Promise<unknown> = Promise.resolve()
  #watching: Promise<unknown> = Promise.resolve()
  #rubbish = 0
  #writing: NodeJS.Timeout | undefined

  /** @param proxied how the first producer connects */
  constructor(plan: ConnectionPlan, proxied: ConnectionPlan, seed: number) {
    const [first, second, third] = [connect(proxied), connect(plan), connect(plan)]
    // Redis replicates asynchronously: without this a fail-over may lose what was acknowledged, as it says on the tin.
    const options = plan.address.isCluster ? { durability: "replicated" as const } : {}
    this.book = new Book(seed)
    this.#random = randomOf(seed + 1)
    this.#producers = [
      new Producer(first.bus, this.book, randomOf(seed + 2), options),
      new Producer(second.bus, this.book, randomOf(seed + 3), options),
    ]
    const [one, other] = this.#producers
    one.other = other
    other.other = one
    this.watcher = new Watcher(`watched-${seed}`, third, this.book)
    this.onlooker = new Onlooker(second, this.book)
    this.connection = second
    this.#connections = [first, second, third]
  }

  /** @param isSettled see {@link Watcher.run} */
  start(streams: readonly Stream[], isSettled: () => boolean): void {
    this.#producing = Promise.all(this.#producers.map((producer) => producer.run()))
    this.#watching = Promise.all([this.watcher.run(isSettled), this.onlooker.run()])
    this.#writing = setInterval(() => this.#writeRubbish(this.#random.pick(streams)), RUBBISH_EVERY_MS)
  }

  /** Makes no more events, and resolves when all that were made are acknowledged. */
  async stopProducing(): Promise<void> {
    clearInterval(this.#writing)
    this.watcher.stop()
    for (const producer of this.#producers) producer.stop()
    await this.#producing
  }

  /** Stops reading too, once all is settled. */
  async stopLooking(): Promise<void> {
    this.onlooker.stop()
    await this.#watching
  }

  async close(): Promise<void> {
    clearInterval(this.#writing)
    await Promise.all(this.#connections.map((connection) => connection.close()))
  }

  /** Whether Redis takes it or not is no concern of ours. */
  #writeRubbish({ client, key }: Stream): void {
    client.xadd(key, "*", "data", `rubbish ${this.#rubbish++}`).catch(() => {})
  }
}
