import type { Epoch } from "@fabra/core"
import { FabraError } from "@fabra/events"
import type { Redis } from "ioredis"
import type { Deadline } from "./deadline.js"
import { FleetingCommand } from "./fleeting-command.js"
import { type NodeInfo, parseInfo } from "./info.js"

/** One command: its name, and its arguments with the key among them. */
export interface Command {
  readonly name: string
  readonly args: readonly string[]
}

/** What came back for commands sent together: for each, in order, an error or a value. */
export interface Replies {
  readonly epoch: Epoch
  readonly replies: readonly (readonly [error: Error | null, value?: unknown])[]
}

/** One Redis process that we talk to through one client. */
export class RedisNode {
  readonly redis: Redis
  readonly #own: boolean
  readonly #inCluster: boolean
  // By socket, since a socket leads to one process as long as it lives, and a client to many.
  readonly #epochs = new WeakMap<object, Epoch>()
  #connecting: Promise<void> | undefined
  #asking: Promise<NodeInfo> | undefined
  #lastError: Error | undefined
  #closed = false

  /** @param own the client is ours to connect, to drop and to close */
  constructor(redis: Redis, { own = false, inCluster = false } = {}) {
    this.redis = redis
    this.#own = own
    this.#inCluster = inCluster
    // Without a listener ioredis prints. What matters of it reaches the caller of a command.
    if (own) {
      redis.on("error", (error) => {
        this.#lastError = error
      })
    }
  }

  /**
   * Sends commands in one go. Rejects when it has **not** sent them.
   *
   * The epoch is the one known when they were sent. Should another one have answered, the label is too old, never
   * too new: at worst work is done again, but nothing is believed that was lost.
   */
  async run(commands: readonly Command[], deadline: Deadline): Promise<Replies> {
    const epoch = this.#current() ?? (await this.#learn(deadline))
    const sent = commands.map((command) => new FleetingCommand(command))
    try {
      const outcomes = await this.#watched(this.#send(sent), deadline)
      const replies = outcomes.map((outcome, i): Replies["replies"][number] =>
        outcome.status === "rejected" ? [outcome.reason] : [null, sent[i]?.take()],
      )
      return { epoch, replies }
    } catch (error) {
      return { epoch, replies: commands.map(() => [error as Error]) }
    }
  }

  /**
   * One write for all, without ioredis's `pipeline()`: each of those defines a property of its own, and V8 keeps what
   * describes it, with all that was sent and answered, until the old generation is collected.
   */
  #send(commands: readonly FleetingCommand[]): Promise<PromiseSettledResult<unknown>[]> {
    const { stream } = this.redis
    stream.cork()
    try {
      return Promise.allSettled(commands.map((command) => this.redis.sendCommand(command)))
    } finally {
      stream.uncork()
    }
  }

  /** Asks the process who it is now. Rejects when it does not answer. */
  async ask(deadline: Deadline): Promise<NodeInfo> {
    await this.#connected(deadline)
    const socket = this.redis.stream
    const pipeline = this.redis.pipeline().info("server").info("replication")
    if (this.#inCluster) pipeline.cluster("INFO")
    const replies = (await this.#watched(pipeline.exec(), deadline)) ?? []
    for (const [error] of replies) if (error !== null) throw error
    const info = parseInfo(replies.map(([, text]) => String(text)))
    if (socket !== undefined && this.redis.stream === socket) this.#epochs.set(socket, info.epoch)
    return info
  }

  /** Breaks the connection if it is ours, so that the next command makes another. */
  drop(reason: Error): void {
    if (this.#own) this.redis.stream?.destroy(reason)
  }

  /** Ends the connection if it is ours. */
  close(): void {
    if (!this.#own || this.#closed) return
    this.#closed = true
    if (this.redis.status !== "end") this.redis.disconnect()
  }

  #current(): Epoch | undefined {
    return this.redis.status === "ready" ? this.#epochs.get(this.redis.stream) : undefined
  }

  async #learn(deadline: Deadline): Promise<Epoch> {
    // Twice, because a client given to us may connect only now: then the first answer belongs to no known socket.
    for (let i = 0; i < 2; i++) {
      this.#asking ??= this.ask(deadline).finally(() => {
        this.#asking = undefined
      })
      await deadline.race(this.#asking)
      const epoch = this.#current()
      if (epoch !== undefined) return epoch
    }
    throw new Error("the connection was replaced")
  }

  async #connected(deadline: Deadline): Promise<void> {
    if (this.#closed) throw new FabraError("cache_unavailable", "The cache is closed.")
    if (!this.#own) {
      if (this.redis.status === "end")
        throw new Error(this.#inCluster ? "a connection was lost" : "the client is closed")
      return
    }
    if (this.redis.status === "ready") return
    this.#connecting ??= this.#connect(deadline.ms / 2).finally(() => {
      this.#connecting = undefined
    })
    await deadline.race(this.#connecting)
  }

  async #connect(patience: number): Promise<void> {
    this.#lastError = undefined
    // ioredis's own time-out ends with the TCP connection: a server that accepts it and then says nothing holds for ever.
    const timer = setTimeout(() => this.drop(new Error(`Redis was not ready within ${patience} ms`)), patience)
    try {
      await this.redis.connect()
    } catch (error) {
      // "Connection is closed" says less than what closed it.
      throw this.#lastError ?? error
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Waits for an answer until the deadline. Our own connection is given up when it was silent for half of the call's
   * time: it may be dead without anybody having been told, and a second try on a new one still fits. (ioredis has
   * `socketTimeout` for this, whose timer outlives its socket and breaks the next.)
   */
  #watched<T>(answer: Promise<T>, deadline: Deadline): Promise<T> {
    const raced = deadline.race(answer)
    if (!this.#own) return raced
    const socket = this.redis.stream
    const received = socket.bytesRead
    const patience = deadline.ms / 2
    const timer = setTimeout(() => {
      if (socket.bytesRead === received) socket.destroy(new Error(`Redis was silent for ${patience} ms`))
    }, patience)
    const stop = () => clearTimeout(timer)
    raced.then(stop, stop)
    return raced
  }
}
