import type {
  CacheCapabilities,
  CommitResult,
  EntityChange,
  EntityKey,
  EntityPage,
  EntityRecord,
  FeatureCache,
  Incarnation,
  OutsideWrite,
  StoredValue,
  WriteResult,
} from "@fabra/core"
import { FabraError, show } from "@fabra/events"
import type { Cluster, Redis } from "ioredis"
import { type Applied, ApplyCalls } from "./apply.js"
import { checkServers } from "./check.js"
import { Deadline } from "./deadline.js"
import { Delivery, type Reply, type Request } from "./delivery.js"
import { unavailable } from "./errors.js"
import { GatheredReads } from "./gathered-reads.js"
import { addToIndex, pageOfIndex } from "./id-index.js"
import { featureField, groupFields, Keys } from "./keys.js"
import { RedisNode } from "./node.js"
import { checkOptions, type RedisFeatureCacheOptions } from "./options.js"
import { decodeRecord, decodeStored, effectiveToken } from "./record.js"
import { pushChange, pushWrite, type Word } from "./script.js"
import { ClusterTopology, singleServer, type Topology } from "./topology.js"
import { stillCurrent } from "./verify.js"

/**
 * The feature cache on Redis, a single server or a Redis Cluster: one hash per entity, compared and set by a script.
 *
 * Connects with the first call, rides out lost connections and restarts within `commandTimeoutMs` of each call, and
 * then fails with `cache_unavailable`.
 */
export class RedisFeatureCache implements FeatureCache {
  readonly capabilities: CacheCapabilities
  readonly #timeoutMs: number
  readonly #keys: Keys
  readonly #topology: Topology
  readonly #reads = new GatheredReads((requests) => this.#send(requests, new Deadline(this.#timeoutMs), true))
  #closed = false

  /** Checks the options and connects to nothing. @throws FabraError `invalid_argument`, `invalid_name` */
  constructor(options: RedisFeatureCacheOptions = {}) {
    const { client, own, namespace, commandTimeoutMs, rollbackWindowMs } = checkOptions(options)
    this.capabilities = { name: "redis", persistent: true, shared: true, rollbackWindowMs }
    this.#timeoutMs = commandTimeoutMs
    this.#keys = new Keys(namespace)
    this.#topology = client.isCluster
      ? new ClusterTopology(client as Cluster)
      : singleServer(new RedisNode(client as Redis, { own }))
  }

  async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    const fields = groupFields(group)
    const requests = keys.map((entity) => {
      const key = this.#keys.entity(entity)
      // In capitals ioredis leaves the reply a flat list: an object would be built only to be taken apart again.
      return { key, name: "HGETALL", args: [key] }
    })
    return this.#query("load records", requests, (value, i, incarnation) =>
      decodeRecord(keys[i] as EntityKey, fields, value as string[], incarnation),
    )
  }

  async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const isNew = (change: EntityChange) => change.baseToken === null
    const applied = await this.#apply("commit", changes, isNew, pushChange, false)
    return applied.map((result, i): CommitResult => {
      if (result.status === "conflict") return result
      if (result.status === "unknown") return { status: "unknown", error: unavailable("commit", result.error) }
      const token = effectiveToken((changes[i] as EntityChange).token, result.lastWrite) as string
      return { status: "applied", token, incarnation: result.incarnation }
    })
  }

  async write(writes: readonly OutsideWrite[]): Promise<WriteResult[]> {
    const applied = await this.#apply("write", writes, () => true, pushWrite, true)
    return applied.map((result): WriteResult => {
      if (result.status === "applied") return { status: "applied" }
      const error = result.status === "unknown" ? result.error : "an outside write met a conflict"
      return { status: "unknown", error: unavailable("write", error) }
    })
  }

  async verify(incarnations: readonly Incarnation[]): Promise<boolean> {
    if (incarnations.length === 0) return true
    try {
      this.#checkOpen()
      return await stillCurrent(this.#topology, incarnations, new Deadline(this.#timeoutMs))
    } catch (error) {
      throw unavailable("tell its incarnation", error)
    }
  }

  async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    if (features.length === 0) return keys.map(() => [])
    const fields = features.map(featureField)
    const requests = keys.map((entity) => {
      const key = this.#keys.entity(entity)
      return { key, name: "HMGET", args: [key, ...fields] }
    })
    return this.#query("read features", requests, (value) =>
      (value as (string | null)[]).map((raw) => (raw === null ? undefined : decodeStored(raw))),
    )
  }

  async entities(
    entityType: string,
    { after, limit = 1000 }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<EntityPage> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new FabraError("invalid_argument", `limit is ${show(limit)}: it must be a whole number from 1.`, {
        path: "limit",
      })
    }
    const deadline = new Deadline(this.#timeoutMs)
    try {
      return await pageOfIndex(this.#keys, entityType, after, limit, (requests) => this.#send(requests, deadline, true))
    } catch (error) {
      throw unavailable("list entities", error)
    }
  }

  /**
   * Looks for settings of the servers that endanger what is kept: eviction, no append-only file. Answers with sentences
   * for a log at start, none when all is well. @throws FabraError `cache_unavailable`
   */
  async check(): Promise<string[]> {
    try {
      this.#checkOpen()
      return await checkServers(this.#topology, new Deadline(this.#timeoutMs))
    } catch (error) {
      throw unavailable("tell its settings", error)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#topology.close()
  }

  /**
   * Runs one script call for many entities, after those that may be new have been put into the index.
   * @param repeatable whether what was applied already may be sent again: a commit would meet a conflict with itself
   */
  async #apply<T extends { readonly key: EntityKey }>(
    doing: string,
    items: readonly T[],
    isNew: (item: T) => boolean,
    push: (words: Word[], item: T) => number,
    repeatable: boolean,
  ): Promise<Applied[]> {
    try {
      const deadline = new Deadline(this.#timeoutMs)
      const unlisted = await this.#index(items.filter(isNew), deadline)
      const listed = unlisted === undefined ? items : items.filter((item) => !unlisted.has(item))
      const calls = new ApplyCalls(this.#topology.spread, push)
      for (const item of listed) calls.add(this.#keys.entity(item.key), item)
      const applied = calls.read(await this.#send(calls.finish(), deadline, repeatable))
      if (unlisted === undefined) return applied
      let at = 0
      return items.map((item) => {
        const error = unlisted.get(item)
        return error === undefined ? (applied[at++] as Applied) : { status: "unknown", error }
      })
    } catch (error) {
      const failure = unavailable(doing, error)
      return items.map(() => ({ status: "unknown", error: failure }))
    }
  }

  async #index<T extends { readonly key: EntityKey }>(
    items: readonly T[],
    deadline: Deadline,
  ): Promise<Map<T, Error> | undefined> {
    if (items.length === 0) return undefined
    const entities = items.map((item) => item.key)
    const failures = await addToIndex(this.#keys, entities, (requests) => this.#send(requests, deadline, true))
    const failed = new Map<T, Error>()
    for (const [i, item] of items.entries()) {
      const failure = failures[i]
      if (failure !== undefined) failed.set(item, failure)
    }
    return failed
  }

  /** Sends reads and decodes each reply; one that failed fails them all. */
  async #query<T>(
    doing: string,
    requests: readonly Request[],
    decode: (value: unknown, index: number, incarnation: Incarnation) => T,
  ): Promise<T[]> {
    try {
      const replies = await this.#reads.send(requests)
      return replies.map((reply, i) => {
        if (reply.ok) return decode(reply.value, i, reply.incarnation)
        throw reply.error
      })
    } catch (error) {
      throw unavailable(doing, error)
    }
  }

  async #send(requests: readonly Request[], deadline: Deadline, repeatable: boolean): Promise<Reply[]> {
    this.#checkOpen()
    if (requests.length === 0) return []
    return new Delivery(this.#topology, requests, deadline, repeatable).run()
  }

  #checkOpen(): void {
    if (this.#closed) throw new FabraError("cache_unavailable", "The cache is closed.")
  }
}
