import { type Clock, sleep, withDeadline } from "@fabra/events"
import slotOf from "cluster-key-slot"
import type { Cluster, Redis } from "ioredis"
import type { Settings } from "../options.js"
import { isCluster, ownClient } from "./clients.js"
import { busClosed, isPassing, isReply, NoAnswer, NotConnected, outcomeOf, toBusError } from "./errors.js"

const RETRY_PAUSE_MS = 25

/**
 * A connection for commands, opened at first use and again whenever it is lost. Nothing waits for ever: a command that
 * gets no answer in time fails, and its socket is destroyed, since the answers behind it would not come either.
 *
 * Of a cluster, this is the only place that knows which server has a key.
 */
export class Link {
  readonly timeoutMs: number
  readonly clock: Clock
  readonly #client: Redis | Cluster
  #lastError: Error | undefined
  #closed = false

  constructor({ client, commandTimeoutMs, clock }: Settings) {
    this.timeoutMs = commandTimeoutMs
    this.clock = clock
    this.#client = ownClient(client, commandTimeoutMs, clock)
    this.#client.on("error", (error: Error) => {
      this.#lastError = error
    })
  }

  /** True when keys may lie on different servers. */
  get isCluster(): boolean {
    return isCluster(this.#client)
  }

  /**
   * Sends what is idempotent, to the server that has `key`, and sends it again while that may help.
   * @throws FabraError `bus_unavailable`, `bus_closed`
   */
  async run<T>(key: string, command: (redis: Redis) => Promise<T>): Promise<T> {
    const deadline = this.clock.now() + this.timeoutMs
    for (;;) {
      try {
        return await this.attempt(key, command, timeLeft(this.clock, deadline))
      } catch (error) {
        const isFinal = outcomeOf(error) === "refused" ? !isPassing(error) : error instanceof NoAnswer || this.#closed
        if (isFinal || this.clock.now() >= deadline) throw toBusError(error)
        await sleep(this.clock, RETRY_PAUSE_MS)
      }
    }
  }

  /** Sends once, to the server that has `key`. Rejects with the driver's own error, see `outcomeOf`. */
  async attempt<T>(key: string, command: (redis: Redis) => Promise<T>, timeoutMs = this.timeoutMs): Promise<T> {
    const deadline = this.clock.now() + timeoutMs
    const redis = await this.node(key, timeoutMs)
    writeTogether(redis)
    try {
      return await answerOf(redis, command(redis), this.clock, timeLeft(this.clock, deadline))
    } catch (error) {
      this.learnFrom(error)
      throw error
    }
  }

  /**
   * Asks every server that keys may lie on; of a cluster those that answer.
   * @throws FabraError `bus_unavailable`, `bus_closed`
   */
  async everywhere<T>(question: (redis: Redis) => Promise<T>): Promise<T[]> {
    const client = this.#client
    if (!isCluster(client)) return [await this.run("", question)]
    try {
      await this.#ready(client, this.timeoutMs)
    } catch (error) {
      throw toBusError(error)
    }
    const ask = async (node: Redis) => {
      const redis = (await this.#ready(node, this.timeoutMs)) as Redis
      return await answerOf(redis, question(redis), this.clock, this.timeoutMs)
    }
    const answers = await Promise.allSettled(client.nodes("master").map(ask))
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))
  }

  /** Looks anew who has what, when an error says that this may have changed. */
  learnFrom(error: unknown): void {
    const client = this.#client
    if (isCluster(client)) {
      if (outcomeOf(error) !== "refused" || isPassing(error)) client.refreshSlotsCache()
    } else if (isReply(error, "READONLY")) {
      // It has become a replica. A name, a proxy or a sentinel leads a new connection to the new master.
      ;(client as Redis).stream?.destroy()
    }
  }

  /** The connection to the server that has `key`, ready to be written to. */
  async node(key: string, timeoutMs = this.timeoutMs): Promise<Redis> {
    if (this.#closed) throw busClosed()
    const client = this.#client
    if (!isCluster(client))
      return client.status === "ready" ? client : ((await this.#ready(client, timeoutMs)) as Redis)
    const deadline = this.clock.now() + timeoutMs
    await this.#ready(client, timeoutMs)
    const address = client.slots[slotOf(key)]?.[0]
    const node = client.nodes("master").find(({ options }) => `${options.host}:${options.port}` === address)
    if (node === undefined) {
      client.refreshSlotsCache()
      throw new NotConnected(`No server of the cluster is known to have ${key}.`)
    }
    return (await this.#ready(node, timeLeft(this.clock, deadline))) as Redis
  }

  /** Lets go of the connection. What is in flight fails. */
  close(): void {
    this.#closed = true
    this.#client.disconnect()
  }

  async #ready(client: Redis | Cluster, timeoutMs: number): Promise<Redis | Cluster> {
    if (client.status === "ready") return client
    // From the first attempt on it connects again by itself.
    if (client.status === "wait" || client.status === "end") client.connect().catch(() => {})
    if (await becomesReady(client, this.clock, timeoutMs)) return client
    if (this.#closed) throw busClosed()
    throw new NotConnected(this.#lastError?.message ?? `No connection within ${timeoutMs} ms.`, {
      cause: this.#lastError,
    })
  }
}

/**
 * Commands that are sent in a row, as those of several partitions are, leave in one write: each costs a call of the
 * system, which is dearer than most commands.
 */
function writeTogether({ stream }: Redis): void {
  if (stream === undefined || stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}

/** Milliseconds until a deadline; 0 when it has passed, since a timer takes nothing less. */
export function timeLeft(clock: Clock, deadline: number): number {
  return Math.max(0, deadline - clock.now())
}

/** Waits until a client is ready; false when it is not in time, or never will be. */
export function becomesReady(client: Redis | Cluster, clock: Clock, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (ready: boolean) => () => {
      timer.cancel()
      client.off("ready", onReady)
      client.off("end", onEnd)
      resolve(ready)
    }
    const [onReady, onEnd] = [done(true), done(false)]
    const timer = clock.setTimer(done(false), timeoutMs)
    client.once("ready", onReady)
    client.once("end", onEnd)
  })
}

/** The answer to a command, or {@link NoAnswer} in time; the socket is then destroyed. */
export function answerOf<T>(redis: Redis, answer: Promise<T>, clock: Clock, timeoutMs: number): Promise<T> {
  return withDeadline(clock, answer, timeoutMs, () => {
    redis.stream?.destroy() // then the answer fails too, which nobody waits for any more
    return new NoAnswer(`no answer within ${timeoutMs} ms`)
  })
}
