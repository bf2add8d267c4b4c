import type { BusNotice, Clock } from "@fabra/events"
import { addressOf } from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import type { ReplicaRule } from "../options.js"

/** How often is said that nothing is read, as long as that lasts. */
const TELL_EVERY_MS = 60_000

interface Seen {
  /** Once true it stays: one that lost its replicas may be the one that a fail-over has left behind. */
  hasHadOne: boolean
  /** The last notice that no replica confirms, and when it was; `undefined` while one confirms. */
  lack: { readonly isWaiting: boolean; readonly toldAt: number } | undefined
}

/**
 * Knows which servers have, or had, replicas, and so whether what they have counts before a replica has it. A server is
 * known by the far end of its connection, since one client is led to several by a sentinel or a name.
 */
export class ReplicaWatch {
  readonly #rule: ReplicaRule
  readonly #clock: Clock
  readonly #servers = new Map<string, Seen>()
  readonly #listeners = new Set<(notice: BusNotice) => void>()

  constructor({ replicas, clock }: { readonly replicas: ReplicaRule; readonly clock: Clock }) {
    this.#rule = replicas
    this.#clock = clock
  }

  /** Tells the listener what is waited for. Returns how to stop that. */
  listen(listener: (notice: BusNotice) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Learns how many replicas the server has now; answers whether one of them has to confirm what it has. */
  isNeeded(redis: Redis, replicas: number): boolean {
    const server = this.#seen(redis)
    server.hasHadOne ||= replicas > 0
    if (this.#rule !== "optional") return server.hasHadOne || this.#rule === "required"
    if (replicas === 0 && server.hasHadOne) this.#tellMissing(redis, server, false)
    return replicas > 0
  }

  /** No replica has confirmed in time what the server has. */
  missed(redis: Redis): void {
    this.#tellMissing(redis, this.#seen(redis), true)
  }

  /** A replica has what the server has. */
  confirmed(redis: Redis): void {
    const server = this.#seen(redis)
    if (server.lack === undefined) return
    server.lack = undefined
    const message = `A replica of ${nameOf(redis)} confirms events again.`
    this.#tell({ code: "replica_back", level: "info", message, where: nameOf(redis) })
  }

  /** True while nothing is read from the server, because no replica confirms what it has. */
  isWaitingFor(redis: Redis): boolean {
    return this.#servers.get(farEndOf(redis))?.lack?.isWaiting === true
  }

  #tellMissing(redis: Redis, server: Seen, isWaiting: boolean): void {
    const toldAt = this.#clock.now()
    const { lack } = server
    if (lack?.isWaiting === isWaiting && toldAt - lack.toldAt < TELL_EVERY_MS) return
    server.lack = { isWaiting, toldAt }
    const where = nameOf(redis)
    const message = isWaiting
      ? `No replica of ${where} confirms what was accepted: nothing is applied until one does. Start a replica, or let workers go on without (FABRA_BUS_REPLICAS=optional).`
      : `${where} has lost its last replica: events are applied that a fail-over would lose. Start a replica.`
    this.#tell({ code: "replica_missing", level: isWaiting ? "error" : "warn", message, where })
  }

  #tell(notice: BusNotice): void {
    for (const listener of this.#listeners) listener(notice)
  }

  #seen(redis: Redis): Seen {
    const name = farEndOf(redis)
    const known = this.#servers.get(name)
    if (known !== undefined) return known
    const made: Seen = { hasHadOne: false, lack: undefined }
    this.#servers.set(name, made)
    return made
  }
}

/** Names a server as every notice of one does; one that a sentinel has named by where it is now. */
export function nameOf(redis: Redis): string {
  return `Redis at ${redis.options.sentinels ? farEndOf(redis) : addressOf(redis)}`
}

function farEndOf(redis: Redis): string {
  const { remoteAddress, remotePort } = redis.stream ?? {}
  return remoteAddress === undefined ? addressOf(redis) : `${remoteAddress}:${remotePort}`
}
