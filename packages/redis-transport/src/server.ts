import type { Clock } from "@fabra/events"
import type { Redis } from "ioredis"
import { Connection } from "./connection.js"
import type { Deadline } from "./deadline.js"
import { NotConnected, outcomeOf, reasonOf, refusal } from "./errors.js"
import { type Command, type Result, sendAll } from "./fleeting-command.js"
import { epochOf, parseInfo, serverInfo, unfitness } from "./info.js"

/** What came back for commands sent together: for each, in order, an error or a value. */
export interface Replies {
  /** The epoch of the server that answered: see `epochOf`. */
  readonly epoch: string
  readonly results: readonly Result[]
}

/** What a server says of itself. */
export interface Identity {
  readonly epoch: string
  readonly isMaster: boolean
  /**
   * False while it is cut off from the majority of its cluster: it still calls itself master, and another one may have
   * taken its place. Always true for a single server.
   */
  readonly isConnected: boolean
}

/** How a server is talked to. */
export interface ServerOptions {
  /** The connection is ours to open, to drop and to close. */
  readonly isOwn: boolean
  readonly isInCluster?: boolean
  /**
   * After how many milliseconds without a byte a connection of our own is dropped: it may be dead without anybody having
   * been told. Default: only when the deadline of a call passes.
   */
  readonly patienceMs?: number | undefined
  readonly clock: Clock
}

/** One Redis process that we talk to through one client. */
export class RedisServer {
  readonly redis: Redis
  readonly #connection: Connection<Redis>
  readonly #options: ServerOptions
  // By socket, since a socket leads to one process as long as it lives, and a client to many.
  readonly #epochs = new WeakMap<object, string>()
  // By socket too: what is at its other end was looked at, and can be used.
  readonly #fit = new WeakSet<object>()
  readonly #examined = new WeakMap<object, Promise<string | undefined>>()
  #identifying: Promise<Identity> | undefined

  constructor(redis: Redis, options: ServerOptions) {
    this.redis = redis
    this.#connection = new Connection(redis, options.isOwn)
    this.#options = options
  }

  /**
   * Waits until commands can be sent.
   * @throws NotConnected, Closed; a refusal when the server is none that can be used, see `unfitness`
   */
  async ready(deadline: Deadline): Promise<void> {
    await this.#connection.ready(deadline)
    const { stream } = this.redis
    if (this.#fit.has(stream)) return
    let examined = this.#examined.get(stream)
    if (examined === undefined) {
      examined = serverInfo(this.redis, "server").then((info) => unfitness(info, this.#options.isInCluster === true))
      this.#examined.set(stream, examined)
      examined.catch(() => this.#examined.delete(stream))
    }
    const reason = await this.answer(examined, deadline).catch((error) => {
      // Nothing of the command that waits for this was sent.
      throw outcomeOf(error) === "unknown" ? new NotConnected(reasonOf(error), { cause: error }) : error
    })
    if (reason !== undefined) throw refusal(reason)
    this.#fit.add(stream)
  }

  /**
   * The answer to commands that have been sent, or `NoAnswer` at the deadline; a socket of our own is then destroyed, since
   * the answers behind it would not come either.
   */
  answer<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
    const { isOwn, patienceMs, clock } = this.#options
    if (!isOwn) return deadline.race(promise)
    if (patienceMs === undefined) return deadline.race(promise, () => this.drop())
    // Not by ioredis's `socketTimeout`, whose timer outlives its socket and breaks the next.
    const { stream } = this.redis
    const received = stream.bytesRead
    const timer = clock.setTimer(() => {
      if (stream.bytesRead === received) stream.destroy(new Error(`Redis was silent for ${patienceMs} ms`))
    }, patienceMs)
    const raced = deadline.race(promise)
    const stop = () => timer.cancel()
    raced.then(stop, stop)
    return raced
  }

  /**
   * Sends commands in one write. Never rejects: when nothing was sent, each has the reason, see `outcomeOf`.
   *
   * The epoch is the one known when they were sent. Should another one have answered, the label is too old, never too
   * new: at worst work is done again, but nothing is believed that was lost.
   */
  async run(commands: readonly Command[], deadline: Deadline): Promise<Replies> {
    let epoch = ""
    try {
      epoch = this.#currentEpoch() ?? (await this.#learnEpoch(deadline))
      return { epoch, results: await this.answer(sendAll(this.redis, commands), deadline) }
    } catch (error) {
      return { epoch, results: commands.map(() => [error as Error]) }
    }
  }

  /** Asks the server who it is now. Rejects when it does not answer. */
  async identify(deadline: Deadline): Promise<Identity> {
    await this.ready(deadline)
    const { stream } = this.redis
    const commands = ["server", "replication"].map((section): Command => ({ name: "INFO", args: [section] }))
    if (this.#options.isInCluster) commands.push({ name: "CLUSTER", args: ["INFO"] })
    const texts = (await this.answer(sendAll(this.redis, commands), deadline)).map(([error, text]) => {
      if (error !== null) throw error
      return String(text)
    })
    const info = parseInfo(texts.join("\r\n"))
    const epoch = epochOf(info)
    if (this.redis.stream === stream) this.#epochs.set(stream, epoch)
    return {
      epoch,
      isMaster: info.get("role") === "master",
      isConnected: !this.#options.isInCluster || info.get("cluster_state") === "ok",
    }
  }

  /** Breaks a connection of our own, so that the next command makes another. */
  drop(): void {
    if (this.#options.isOwn) this.redis.stream?.destroy()
  }

  /** Closes a connection of our own. Commands in flight fail. */
  close(): void {
    this.#connection.close()
  }

  #currentEpoch(): string | undefined {
    return this.redis.status === "ready" ? this.#epochs.get(this.redis.stream) : undefined
  }

  async #learnEpoch(deadline: Deadline): Promise<string> {
    this.#identifying ??= this.identify(deadline).finally(() => {
      this.#identifying = undefined
    })
    await deadline.race(this.#identifying).catch((error) => {
      throw outcomeOf(error) === "unknown" ? new NotConnected(reasonOf(error), { cause: error }) : error
    })
    const epoch = this.#currentEpoch()
    if (epoch !== undefined) return epoch
    throw new NotConnected("the connection was replaced")
  }
}
