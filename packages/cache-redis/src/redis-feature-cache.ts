import type {
  CacheCapabilities,
  CommitResult,
  DirectWrite,
  EntityChange,
  EntityKey,
  EntityPage,
  EntityRecord,
  EntityRemoval,
  Epoch,
  RemovalResult,
  RemovingCache,
  StoredValue,
  WholeRecord,
  WriteResult,
} from "@fabra/core/adapter"
import { systemClock } from "@fabra/events"
import { checkWhole, type StoreWarning } from "@fabra/events/adapter"
import { addressOf, Deadline, type Servers, serverInfo, settingWarnings } from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import { type Applied, ApplyCalls, type Applying } from "./commit/apply.js"
import { decodeField, decodeRecord, effectiveVersion, isPartless } from "./commit/record.js"
import { pushChange, pushWrite } from "./commit/script.js"
import { addToIndex, pageOfIndex } from "./keyspace/id-index.js"
import { featureField, groupFields, Keys } from "./keyspace/keys.js"
import { checkOptions, type RedisFeatureCacheOptions } from "./options.js"
import { GatheredReads } from "./read/gathered-reads.js"
import { decodeWhole, readRemoved, removalCalls } from "./remove/removal.js"
import { TombstoneBook } from "./remove/tombstones.js"
import { Delivery, type Reply, type Request } from "./transport/delivery.js"
import { cacheClosed, unavailable } from "./transport/errors.js"
import { stillCurrent } from "./transport/verify.js"

/**
 * The feature cache on Redis, a single server or a Redis Cluster: one hash per entity, compared and set by a script.
 *
 * Connects with the first call, rides out lost connections and restarts within `commandTimeoutMs` of each call, and
 * then fails with `cache_unavailable`.
 */
export class RedisFeatureCache implements RemovingCache {
  readonly capabilities: CacheCapabilities
  readonly #timeoutMs: number
  readonly #keys: Keys
  readonly #servers: Servers
  readonly #tombstones: TombstoneBook
  readonly #reads = new GatheredReads((requests) => this.#send(requests, this.#deadline(), true))
  #closed = false

  /** Checks the options and connects to nothing. @throws FabraError `invalid_argument`, `invalid_name` */
  constructor(options: RedisFeatureCacheOptions = {}) {
    const { servers, namespace, commandTimeoutMs, rollbackWindowMs } = checkOptions(options)
    this.capabilities = { name: "redis", persistent: true, shared: true, rollbackWindowMs, removesRecords: true }
    this.#timeoutMs = commandTimeoutMs
    this.#keys = new Keys(namespace)
    this.#servers = servers
    this.#tombstones = new TombstoneBook(this.#keys, servers.isCluster)
  }

  async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    const reader = { group, fields: groupFields(group), book: this.#tombstones }
    return this.#query("load records", this.#wholes(keys), (value, i, epoch) =>
      decodeRecord(reader, keys[i] as EntityKey, value as string[], epoch),
    )
  }

  async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const applied = await this.#apply("commit", changes, {
      isNew: ({ baseVersion }) => baseVersion === null || (isPartless(baseVersion) && baseVersion.endsWith("/")),
      isPartless: ({ baseVersion }) => isPartless(baseVersion),
      push: pushChange,
      // A commit that is sent again would meet a conflict with itself.
      repeatable: false,
    })
    const refused = changes.filter((_, i) => applied[i]?.status === "conflict")
    if (refused.length > 0) {
      await this.#askTombstones(refused.flatMap(({ key, baseVersion }) => (isPartless(baseVersion) ? [key] : [])))
    }
    return applied.map((result, i): CommitResult => {
      if (result.status === "conflict") return result
      if (result.status === "unknown") return { status: "unknown", error: unavailable("commit", result.error) }
      const token = effectiveVersion((changes[i] as EntityChange).token, result.lastWrite) as string
      return { status: "applied", version: token, epoch: result.epoch }
    })
  }

  async write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    const isNew = () => true
    const applied = await this.#apply("write", writes, { isNew, isPartless: isNew, push: pushWrite, repeatable: true })
    return applied.map((result): WriteResult => {
      if (result.status === "applied") return { status: "applied" }
      const error = result.status === "unknown" ? result.error : "a direct write met a conflict"
      return { status: "unknown", error: unavailable("write", error) }
    })
  }

  async inspect(keys: readonly EntityKey[]): Promise<WholeRecord[]> {
    // Before the records: of two answers that do not fit the older tombstones are refused when something is to be removed.
    await this.#within("inspect records", () => this.#learnTombstones(keys))
    return this.#query("inspect records", this.#wholes(keys), (value, i) => {
      const key = keys[i] as EntityKey
      return decodeWhole(key, value as string[], this.#tombstones.of(key))
    })
  }

  async remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
    try {
      const calls = removalCalls(this.#keys, this.#tombstones, removals, this.#servers.isCluster)
      const requests = calls.map(({ request }) => request)
      const replies = await this.#send(requests, this.#deadline(), false)
      const results = calls.flatMap(({ removals: some }, i): RemovalResult[] => {
        const reply = replies[i] as Reply
        if (reply.ok) return readRemoved(reply).map((removed) => ({ status: removed ? "removed" : "conflict" }))
        return some.map(() => ({ status: "unknown", error: unavailable("remove", reply.error) }))
      })
      await this.#askTombstones(removals.map(({ key }) => key))
      return results
    } catch (error) {
      const failure = unavailable("remove", error)
      return removals.map(() => ({ status: "unknown", error: failure }))
    }
  }

  async verify(epochs: readonly Epoch[]): Promise<boolean> {
    if (epochs.length === 0) return true
    return this.#within("tell its epoch", (deadline) => stillCurrent(this.#servers, epochs, deadline))
  }

  async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    if (features.length === 0) return keys.map(() => [])
    const fields = features.map(featureField)
    const requests = keys.map((entity) => {
      const key = this.#keys.entity(entity)
      return { key, name: "HMGET", args: [key, ...fields] }
    })
    return this.#query("read features", requests, (value) => (value as (string | null)[]).map(decodeField))
  }

  async entities(
    entityType: string,
    { after, limit = 1000 }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<EntityPage> {
    checkWhole("limit", limit, [1])
    return this.#within("list entities", (deadline) =>
      pageOfIndex(this.#keys, entityType, { after, limit }, (requests) => this.#send(requests, deadline, true)),
    )
  }

  /**
   * Looks for settings of the servers that endanger what is kept: eviction, no append-only file.
   * @throws FabraError `cache_unavailable`
   */
  async check(): Promise<StoreWarning[]> {
    return this.#within("tell its settings", async (deadline) => {
      await this.#servers.refresh(deadline)
      const question = async (redis: Redis) => settingWarnings(await serverInfo(redis), `Redis at ${addressOf(redis)}`)
      const answers = await this.#servers.ask(question, deadline)
      return answers.flatMap((answer) => {
        if (answer.status === "rejected") throw answer.reason
        return answer.value
      })
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#servers.close()
  }

  /**
   * Runs one script call for many entities. It puts those that may be new into the index too, so that an id is never
   * missing; on a cluster, where the index is elsewhere, they are put there before, and none ever leaves it.
   */
  async #apply<T extends { readonly key: EntityKey }>(
    doing: string,
    items: readonly T[],
    { isNew, isPartless, push, repeatable }: Applying<T>,
  ): Promise<Applied[]> {
    try {
      const deadline = this.#deadline()
      const { isCluster } = this.#servers
      const failures = isCluster ? await this.#index(items.filter(isNew), deadline) : undefined
      const failureOf = (item: T) => (isNew(item) ? failures?.get(this.#keys.indexOf(item.key)) : undefined)
      const listed = failures === undefined ? items : items.filter((item) => failureOf(item) === undefined)
      const calls = new ApplyCalls(isCluster, push)
      for (const item of listed) {
        const { key } = item
        const tombstones = isPartless(item) ? this.#tombstones.keyOf(key) : undefined
        const listing = !isCluster && isNew(item) ? { id: key.entityId, index: this.#keys.indexOf(key) } : undefined
        calls.add(this.#keys.entity(key), item, tombstones, listing)
      }
      const applied = calls.read(await this.#send(calls.finish(), deadline, repeatable))
      if (failures === undefined) return applied
      let at = 0
      return items.map((item) => {
        const error = failureOf(item)
        return error === undefined ? (applied[at++] as Applied) : { status: "unknown", error }
      })
    } catch (error) {
      const failure = unavailable(doing, error)
      return items.map(() => ({ status: "unknown", error: failure }))
    }
  }

  #index(items: readonly { readonly key: EntityKey }[], deadline: Deadline): Promise<Map<string, Error>> {
    const entities = items.map(({ key }) => key)
    return addToIndex(this.#keys, entities, (requests) => this.#send(requests, deadline, true))
  }

  /** The requests for all there is of each entity. */
  #wholes(keys: readonly EntityKey[]): Request[] {
    return keys.map((entity) => {
      const key = this.#keys.entity(entity)
      // In capitals ioredis leaves the reply a flat list: an object would be built only to be taken apart again.
      return { key, name: "HGETALL", args: [key] }
    })
  }

  /** Makes a call with a deadline. @throws FabraError `cache_unavailable` */
  async #within<T>(doing: string, call: (deadline: Deadline) => Promise<T>): Promise<T> {
    try {
      this.#checkOpen()
      return await call(this.#deadline())
    } catch (error) {
      throw unavailable(doing, error)
    }
  }

  /** As {@link #learnTombstones}; whoever works with older ones is refused once more, and then asks again. */
  async #askTombstones(entities: readonly EntityKey[]): Promise<void> {
    if (entities.length > 0) await this.#learnTombstones(entities).catch(() => {})
  }

  async #learnTombstones(entities: readonly EntityKey[]): Promise<void> {
    const requests = this.#tombstones.ask(entities)
    this.#tombstones.learn(requests, await this.#send(requests, this.#deadline(), true))
  }

  /** Sends reads and decodes each reply; one that failed fails them all. */
  #query<T>(
    doing: string,
    requests: readonly Request[],
    decode: (value: unknown, index: number, epoch: Epoch) => T,
  ): Promise<T[]> {
    const decodeAll = (replies: readonly Reply[]) =>
      replies.map((reply, i) => {
        if (reply.ok) return decode(reply.value, i, reply.epoch)
        throw reply.error
      })
    return this.#reads
      .send(requests)
      .then(decodeAll)
      .catch((error) => {
        throw unavailable(doing, error)
      })
  }

  #send(requests: readonly Request[], deadline: Deadline, repeatable: boolean): Promise<Reply[]> {
    this.#checkOpen()
    if (requests.length === 0) return Promise.resolve([])
    return new Delivery(this.#servers, requests, deadline, repeatable).run()
  }

  #checkOpen(): void {
    if (this.#closed) throw cacheClosed()
  }

  #deadline(): Deadline {
    return new Deadline(systemClock, this.#timeoutMs)
  }
}
