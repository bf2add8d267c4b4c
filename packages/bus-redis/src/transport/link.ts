import type { Clock } from "@fabra/events"
import {
  Closed,
  Deadline,
  isPassing,
  isReply,
  NoAnswer,
  NotConnected,
  openClient,
  outcomeOf,
  type RedisServer,
  Servers,
  writeTogether,
} from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import type { Settings } from "../options.js"
import { toBusError } from "./errors.js"

/**
 * A connection for commands, opened at first use and again whenever it is lost. Nothing waits for ever: a command without
 * an answer fails at its deadline.
 */
export class Link {
  readonly timeoutMs: number
  readonly clock: Clock
  readonly #servers: Servers

  constructor({ source, commandTimeoutMs, clock }: Settings) {
    this.timeoutMs = commandTimeoutMs
    this.clock = clock
    this.#servers = new Servers(openClient(source, commandTimeoutMs, clock), { isOwn: true, clock })
  }

  /** True when keys may lie on different servers. */
  get isCluster(): boolean {
    return this.#servers.isCluster
  }

  /** The deadline of a call that begins now. */
  deadline(): Deadline {
    return new Deadline(this.clock, this.timeoutMs)
  }

  /**
   * Sends an idempotent command to the server that has `key`, and sends it again while that may help.
   * @throws FabraError `bus_unavailable`, `bus_closed`
   */
  async run<T>(key: string, command: (redis: Redis) => Promise<T>): Promise<T> {
    const deadline = this.deadline()
    // A client of one server never learns where a slot is: there it does not pass.
    const isHopeless = (error: unknown) => isFinal(error) || (!this.isCluster && isReply(error, "MOVED"))
    try {
      return await deadline.retry(() => this.attempt(key, command, deadline), isHopeless)
    } catch (error) {
      throw toBusError(error)
    }
  }

  /** Sends once, to the server that has `key`. Rejects with the driver's own error, see `outcomeOf`. */
  async attempt<T>(key: string, command: (redis: Redis) => Promise<T>, deadline = this.deadline()): Promise<T> {
    const server = await this.server(key, deadline)
    writeTogether(server.redis)
    try {
      return await server.answer(command(server.redis), deadline)
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
    if (!this.isCluster) return [await this.run("", question)]
    const deadline = this.deadline()
    await this.#servers.ready(deadline).catch((error) => {
      throw toBusError(error)
    })
    const answers = await this.#servers.ask(question, deadline)
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))
  }

  /** Looks anew who has which keys, when an error says that this may have changed. */
  learnFrom(error: unknown): void {
    if (this.isCluster) {
      if (outcomeOf(error) !== "refused" || isPassing(error)) this.#servers.refresh(this.deadline())
    } else if (isReply(error, "READONLY")) {
      // The server has become a replica. A name, a proxy or a sentinel leads a new connection to the new master.
      for (const server of this.#servers.masters()) server.drop()
    }
  }

  /** The server that has `key`, ready to be written to. @throws NotConnected, Closed */
  async server(key: string, deadline = this.deadline()): Promise<RedisServer> {
    await this.#servers.ready(deadline)
    const server = this.#servers.locator()(key)
    if (server === undefined) {
      this.#servers.refresh(this.deadline())
      throw new NotConnected(`No server of the cluster is known to have ${key}.`)
    }
    await server.ready(deadline)
    return server
  }

  /** Closes the connection. Commands in flight fail. */
  close(): void {
    this.#servers.close()
  }
}

function isFinal(error: unknown): boolean {
  if (outcomeOf(error) === "refused") return !isPassing(error)
  return error instanceof NoAnswer || error instanceof Closed
}
