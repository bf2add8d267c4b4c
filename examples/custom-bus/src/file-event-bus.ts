import {
  type Clock,
  FabraError,
  type PartitionLag,
  type Position,
  type PublishOptions,
  type PublishResult,
  systemClock,
} from "@fabra/events"
import {
  BaseEventBus,
  type BusCapabilities,
  checkName,
  DEFAULT_MAX_EVENT_BYTES,
  type EncodedEvent,
  LogSubscription,
  type SubscribeOptions,
  type Subscription,
} from "@fabra/events/adapter"
import { FileDeadLetters } from "./file-dead-letters.js"
import { FileLog } from "./file-log.js"
import { FileStore } from "./file-store.js"
import { numberOf } from "./segments.js"

/** Options of {@link FileEventBus}. */
export interface FileEventBusOptions {
  /** Made when it is not there. On a local disk: file locks and appends over a network are another matter. */
  readonly directory: string
  /** Default: what the directory was first used with, or 16. */
  readonly partitions?: number
  /** Milliseconds within which a second publish of an `event_id` is recognised. Default 120,000. */
  readonly dedupeWindowMs?: number
  /** Largest event in bytes. Default 256 KiB. */
  readonly maxEventBytes?: number
  /** Most events of one partition that not every group has settled before `publish` answers `bus_full`. Default 1,000,000. */
  readonly maxEventsPerPartition?: number
  /** A file of a partition that is larger gets a successor. The same for all who use the directory. Default 8 MiB. */
  readonly segmentBytes?: number
  readonly clock?: Clock
}

/** An event bus in a directory, for as many processes of one machine as like. */
export class FileEventBus extends BaseEventBus {
  readonly capabilities: BusCapabilities
  readonly deadLetters: FileDeadLetters
  readonly #openStore: () => Promise<FileStore>
  readonly #clock: Clock
  readonly #subscriptions = new Set<Subscription>()
  #store: Promise<FileStore> | undefined
  #closed = false

  constructor(options: FileEventBusOptions) {
    super()
    const { directory, partitions, dedupeWindowMs = 120_000, maxEventBytes = DEFAULT_MAX_EVENT_BYTES } = options
    const { maxEventsPerPartition = 1_000_000, segmentBytes = 8 * 1024 * 1024, clock = systemClock } = options
    this.#clock = clock
    this.#openStore = () =>
      FileStore.open({ directory, partitions, dedupeWindowMs, maxEventsPerPartition, segmentBytes, clock })
    this.deadLetters = new FileDeadLetters(
      () => this.#open(),
      (event) => this.publish(event),
    )
    this.capabilities = {
      name: "files",
      persistent: true,
      shared: true,
      durableReads: "inherent",
      dedupeWindowMs,
      maxEventBytes,
    }
  }

  protected async append(events: readonly EncodedEvent[], options: PublishOptions): Promise<PublishResult[]> {
    let begun = false
    try {
      const store = await this.#open()
      const write = () => {
        begun = true
        return store.append(events)
      }
      return await store.locked(write, options.signal)
    } catch (cause) {
      const isUnknown = begun || options.signal?.aborted
      const error = isUnknown
        ? new FabraError("publish_unknown", "Nobody knows whether it was written.", { cause })
        : FabraError.from(cause, "bus_unavailable")
      return events.map(({ eventId }) => ({ ok: false, eventId, error }))
    }
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    checkName("group", options.group)
    const store = await this.#open()
    let subscription: Subscription | undefined
    const log = new FileLog(store, () => {
      if (subscription !== undefined) this.#subscriptions.delete(subscription)
    })
    subscription = await LogSubscription.open(log, options, this.#clock)
    this.#subscriptions.add(subscription)
    return subscription
  }

  async checkpoints(name: string): Promise<(Position | null)[]> {
    return groupIn(await this.#open(), name).partitions.map(({ checkpoint }) => checkpoint)
  }

  async lag(name: string): Promise<PartitionLag[]> {
    const store = await this.#open()
    const group = groupIn(store, name)
    const now = this.#clock.now()
    return group.partitions.map(({ checkpoint, lease, attempts }, partition) => {
      const isOwned = lease !== null && lease.until > now
      const log = store.log(partition)
      const end = log.refresh()
      const settled = Math.max(numberOf(checkpoint), log.first() - 1)
      const [oldest] = log.read(settled, 1)
      return {
        partition,
        events: end - settled,
        oldestAgeMs: oldest === undefined ? null : Math.max(0, now - oldest.acceptedAt),
        owner: isOwned ? lease.consumer : null,
        ownedMs: isOwned ? Math.max(0, now - lease.takenAt) : null,
        quarantined: new Set(attempts.map(({ position }) => position)).size,
      }
    })
  }

  async groups(): Promise<string[]> {
    return (await this.#open()).groups
      .read()
      .map(({ name }) => name)
      .sort()
  }

  async removeGroup(name: string): Promise<boolean> {
    checkName("group", name)
    const store = await this.#open()
    return await store.locked(() => store.removeGroup(name))
  }

  async close(): Promise<void> {
    // First the subscriptions: whoever drains one may still have to publish or to write dead letters.
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    this.#closed = true
  }

  /** Files are first touched when they are first needed. */
  async #open(): Promise<FileStore> {
    if (this.#closed) throw new FabraError("bus_closed", "The bus is closed.")
    this.#store ??= this.#openStore()
    const opening = this.#store
    try {
      return await opening
    } catch (error) {
      if (this.#store === opening) this.#store = undefined
      throw FabraError.from(error, "bus_unavailable")
    }
  }
}

function groupIn(store: FileStore, name: string) {
  const group = store.groups.read().find((other) => other.name === name)
  if (group === undefined) throw new FabraError("not_found", `There is no group "${name}" on this bus.`)
  return group
}
