import {
  type BusNotice,
  type BusServer,
  type DeadLetterQueue,
  FabraError,
  type PartitionLag,
  type Position,
  type PublishOptions,
  type PublishResult,
} from "@fabra/events"
import {
  BaseEventBus,
  type BusCapabilities,
  checkName,
  checkWhole,
  type EncodedEvent,
  LogSubscription,
  type SubscribeOptions,
  type Subscription,
} from "@fabra/events/adapter"
import { RedisDeadLetters } from "./dead-letters/dead-letters.js"
import { groupNames, removeGroup } from "./group/groups.js"
import { groupCheckpoints, groupLag } from "./group/lag.js"
import { Keys } from "./keyspace/keys.js"
import { Namespace } from "./keyspace/namespace.js"
import { type RedisEventBusOptions, type Settings, toSettings } from "./options.js"
import { type AppendOptions, Publisher, refuseAll } from "./publish/publisher.js"
import { RedisLog } from "./read/redis-log.js"
import { ReplicaWatch } from "./read/replica-watch.js"
import { busClosed } from "./transport/errors.js"
import { Link } from "./transport/link.js"
import { describeServer, serverNotices } from "./transport/server-notices.js"

/**
 * The event bus on Redis Streams: one stream per partition, checkpoints as the `last-delivered-id` of consumer groups, so
 * that `XINFO GROUPS` shows every group's lag.
 *
 * Nothing connects before the first use. Durable reads: where Redis has replicas, records are shown once a replica has
 * them. A single server rolls back bus and cache together, or the checkpoint trail covers it.
 */
export class RedisEventBus extends BaseEventBus {
  readonly capabilities: BusCapabilities
  readonly deadLetters: DeadLetterQueue
  readonly #settings: Settings
  readonly #link: Link
  /** Waits for replicas, which would hold up everything else on a common connection. Connects when first needed. */
  readonly #replicated: Link
  readonly #namespace: Namespace
  readonly #publisher: Publisher
  readonly #replicas: ReplicaWatch
  readonly #subscriptions = new Set<Subscription>()
  // Calls under way. Not as a set: what one drops for a larger table still refers to it, so that of promises that come and
  // go all are kept until the old generation is collected.
  #publishing = 0
  #onPublished = () => {}
  #closed: Promise<void> | undefined

  /** @throws FabraError `invalid_argument`, `invalid_name` */
  constructor(options: RedisEventBusOptions = {}) {
    super()
    const settings = toSettings(options)
    const keys = new Keys(settings.namespace)
    this.#settings = settings
    this.#link = new Link(settings)
    this.#replicated = new Link(settings)
    this.#namespace = new Namespace(keys, this.#link, settings)
    this.#publisher = new Publisher(this.#link, this.#replicated, settings)
    this.#replicas = new ReplicaWatch(settings)
    this.deadLetters = new RedisDeadLetters({
      link: this.#link,
      replicated: this.#replicated,
      keys,
      replicas: this.#replicas,
      publish: (events) => {
        const options: AppendOptions = { evenWhenFull: true }
        return this.publish(events, options)
      },
    })
    this.capabilities = {
      name: "redis-streams",
      persistent: true,
      shared: true,
      durableReads: "confirmed",
      dedupeWindowMs: settings.dedupeWindowMs,
      maxEventBytes: settings.maxEventBytes,
    }
  }

  protected async append(events: readonly EncodedEvent[], options: PublishOptions): Promise<PublishResult[]> {
    if (this.#closed) return refuseAll(events, busClosed())
    this.#publishing++
    try {
      return await this.#publisher.append(await this.#namespace.partitions(), events, options)
    } catch (error) {
      return refuseAll(events, FabraError.from(error, "bus_unavailable"))
    } finally {
      if (--this.#publishing === 0) this.#onPublished()
    }
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    if (this.#closed) throw busClosed()
    checkSubscribeOptions(options)
    const onNotice = (notice: BusNotice) => options.onNotice?.(notice)
    const partitions = await this.#namespace.partitions()
    for (const notices of await this.#link.everywhere(serverNotices)) notices.forEach(onNotice)
    let subscription: Subscription | undefined
    const log = new RedisLog(this.#link, {
      namespace: this.#namespace,
      partitions,
      settings: this.#settings,
      replicas: this.#replicas,
      onNotice,
      onClose: () => subscription && this.#subscriptions.delete(subscription),
    })
    subscription = await LogSubscription.open(log, options, this.#settings.clock)
    this.#subscriptions.add(subscription)
    if (this.#closed) {
      await subscription.close()
      throw busClosed()
    }
    return subscription
  }

  async lag(group: string): Promise<PartitionLag[]> {
    checkName("group", group)
    return await groupLag(this.#link, this.#namespace.keys, await this.#namespace.partitions(), group)
  }

  async checkpoints(group: string): Promise<(Position | null)[]> {
    checkName("group", group)
    return await groupCheckpoints(this.#link, await this.#namespace.partitions(), group)
  }

  async groups(): Promise<string[]> {
    return await groupNames(this.#link, await this.#namespace.partitions())
  }

  async removeGroup(group: string): Promise<boolean> {
    checkName("group", group)
    return await removeGroup(this.#link, this.#namespace.keys, await this.#namespace.partitions(), group)
  }

  async servers(): Promise<readonly BusServer[]> {
    return await this.#link.everywhere((redis) => describeServer(redis, this.#replicas))
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    if (this.#publishing > 0) {
      await new Promise<void>((resolve) => {
        this.#onPublished = resolve
      })
    }
    this.#link.close()
    this.#replicated.close()
  }
}

function checkSubscribeOptions({ group, consumer, leaseMs = 1 }: SubscribeOptions): void {
  checkName("group", group)
  if (typeof consumer !== "string" || consumer === "") {
    throw new FabraError("invalid_argument", "consumer: it must be a name that no other member has.", {
      path: "consumer",
    })
  }
  checkWhole("leaseMs", leaseMs, [1])
}
