import type { Clock } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import {
  Deadline,
  NoAnswer,
  NotConnected,
  openConnection,
  RedisServer,
  replicasOf,
  sendFleeting,
  serverInfo,
} from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import type { Link } from "../transport/link.js"
import type { StreamReply } from "./records.js"
import type { ReplicaWatch } from "./replica-watch.js"
import { waitForReplica } from "./replicas.js"

const LOOK_FOR_REPLICAS_EVERY_MS = 10_000
const UNBLOCK_AGAIN_MS = 5

/** One wait for news. */
export interface NodeRead {
  /** Stream key → stream id after which to read. */
  readonly streams: ReadonlyMap<string, string>
  /** Most entries of each stream. */
  readonly count: number
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
  /** A key in a slot of this server, to be written when it has replicas. */
  readonly barrier: string
  /** Sends `CLIENT UNBLOCK` to the same server by another connection. */
  readonly unblock: (clientId: number) => Promise<unknown>
}

/** Options of a {@link NodeReader}, from the bus and from the link whose server it reads. */
export interface NodeOptions extends Pick<Link, "timeoutMs" | "clock" | "isCluster"> {
  readonly replicas: ReplicaWatch
}

/** A connection to one server that waits for news of streams and does nothing else, because waiting blocks it. */
export class NodeReader {
  readonly #server: RedisServer
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #replicas: ReplicaWatch
  #clientId: number | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #needsReplica = false
  #isClosed = false

  constructor(like: Redis, { timeoutMs, clock, isCluster, replicas }: NodeOptions) {
    const redis = openConnection(like, timeoutMs, clock)
    this.#server = new RedisServer(redis, { isOwn: true, isInCluster: isCluster, clock })
    this.#timeoutMs = timeoutMs
    this.#clock = clock
    this.#replicas = replicas
    redis.on("close", () => {
      this.#clientId = undefined
      this.#lookedAt = Number.NEGATIVE_INFINITY
    })
  }

  /** What came; `null` when nothing did in time. Rejects with the driver's own errors, see `outcomeOf`. */
  async read(options: NodeRead): Promise<StreamReply | null> {
    const { streams, count, waitMs, signal, barrier } = options
    let stopUnblocking: (() => void) | undefined
    try {
      const clientId = this.#knownClientId() ?? (await this.#connect())
      const isWaiting = waitMs >= 1 && !signal?.aborted
      const wait = isWaiting ? ["BLOCK", String(Math.ceil(waitMs))] : []
      const args = ["COUNT", String(count), ...wait, "STREAMS", ...streams.keys(), ...streams.values()]
      const answer = sendFleeting(this.#server.redis, { name: "xread", args }) as Promise<StreamReply | null>
      if (isWaiting) stopUnblocking = this.#unblockOnAbort(clientId, options)
      const reply = await this.#server.answer(answer, new Deadline(this.#clock, waitMs + this.#timeoutMs))
      if (reply !== null && this.#needsReplica) await this.#confirm(barrier)
      return reply
    } catch (error) {
      // It may be another server now, or what it was no more.
      this.#lookedAt = Number.NEGATIVE_INFINITY
      if (this.#isClosed) return null
      throw error
    } finally {
      stopUnblocking?.()
    }
  }

  /** Lets go of the connection. A read in flight brings nothing. */
  close(): void {
    this.#isClosed = true
    this.#server.close()
  }

  /** What the server calls this connection, while it and what was learnt of the server can be relied on. */
  #knownClientId(): number | undefined {
    const isRecent = this.#clock.now() - this.#lookedAt < LOOK_FOR_REPLICAS_EVERY_MS
    return isRecent && this.#server.redis.status === "ready" ? this.#clientId : undefined
  }

  /** Makes sure of the connection, and of what must be known of the server at its other end. */
  async #connect(): Promise<number> {
    const { redis } = this.#server
    await this.#server.ready(new Deadline(this.#clock, this.#timeoutMs))
    const now = this.#clock.now()
    const questions = Promise.all([redis.client("ID"), serverInfo(redis, "replication")])
    const [clientId, replication] = await this.#server.answer(questions, new Deadline(this.#clock, this.#timeoutMs))
    if (replication.get("role") === "slave") {
      // What it shows may be behind, and a failover may have left it behind for good: see Link.learnFrom.
      this.#server.drop()
      throw new NotConnected("the server has become a replica")
    }
    this.#clientId = clientId
    this.#lookedAt = now
    this.#needsReplica = this.#replicas.isNeeded(redis, replicasOf(replication))
    return clientId
  }

  /** A failover may lose what only this server has: nobody gets to see it before a replica has it too. */
  async #confirm(barrier: string): Promise<void> {
    const { redis } = this.#server
    const confirmed = waitForReplica(redis, barrier, this.#timeoutMs)
    if ((await this.#server.answer(confirmed, new Deadline(this.#clock, 2 * this.#timeoutMs))) >= 1) {
      return this.#replicas.confirmed(redis)
    }
    this.#replicas.missed(redis)
    throw new NoAnswer(`no replica has what was read, after ${this.#timeoutMs} ms; reading it again until one has`)
  }

  /** The abort may overtake the read on its way to the server, hence until it is told to stop. */
  #unblockOnAbort(clientId: number, { signal, unblock }: NodeRead): () => void {
    let isOver = false
    const onAbort = async () => {
      while (!isOver) {
        await unblock(clientId).catch(() => {})
        await sleep(this.#clock, UNBLOCK_AGAIN_MS)
      }
    }
    signal?.addEventListener("abort", onAbort, { once: true })
    return () => {
      isOver = true
      signal?.removeEventListener("abort", onAbort)
    }
  }
}
