import type { DeadLetters } from "@fabra/client"
import type { FeatureStore, FeatureValue, ReadInput } from "@fabra/core"
import {
  type AxiomEvent,
  type DeadLetterQueue,
  discardAll,
  FabraError,
  type PartitionLag,
  type PublishResult,
  replayAll,
} from "@fabra/events"
import { didYouMean } from "@fabra/events/adapter"
import type { Erased, EraseOptions } from "@fabra/worker"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import type { AppliedNotices } from "../feed/feed.js"
import { type ConnectionSettings, type Connections, openConnections } from "../project/connections.js"
import type { Settings } from "../settings/table.js"
import { fired } from "../terminal/shutdown.js"
import type { Access, Published } from "./access.js"

/** Reaches bus and cache themselves, past any HTTP API. What events and features there are is in the features file. */
export class DirectAccess implements Access {
  readonly where: string
  readonly deadLetters: DeadLetters
  readonly #connections: Connections
  readonly #named: string | undefined
  #store: Promise<FeatureStore> | undefined

  private constructor(connections: Connections, features: string | undefined) {
    this.where = connections.where
    this.deadLetters = deadLettersOf(connections.bus.deadLetters)
    this.#connections = connections
    this.#named = features
  }

  /** @param settings.features the features file, if it is named; it is loaded when it is needed */
  static async open(settings: ConnectionSettings & Settings<"features">): Promise<DirectAccess> {
    return new DirectAccess(await openConnections(settings), settings.features)
  }

  async publish(events: readonly AxiomEvent[]): Promise<readonly Published[]> {
    const store = await this.#loadStore()
    const checked = await Promise.all(events.map((event) => check(store, event)))
    const good = events.filter((_event, i) => checked[i] === undefined)
    const results = good.length === 0 ? [] : await this.#connections.bus.publish(good)
    let next = 0
    return events.map(({ eventId }, i) => {
      const error = checked[i]
      return error === undefined ? (results[next++] as PublishResult) : { ok: false, eventId, error }
    })
  }

  async read(
    entityType: string,
    entityId: string,
    names: readonly string[],
    input: ReadInput = {},
  ): Promise<Readonly<Record<string, FeatureValue<unknown>>>> {
    const store = await this.#loadStore()
    const { registry } = store
    const entity = registry.entities.get(entityType)
    if (entity === undefined) throw unknownEntity(entityType, [...registry.entities.keys()])
    const wanted = names.length === 0 ? registry.featuresOf(entity) : names.map((name) => registry.feature(name))
    return wanted.length === 0 ? {} : (await store.getFeatures(wanted, entityId, { input })).features
  }

  async find(entityType: string, { names, ...query }: Parameters<Access["find"]>[1]) {
    return (await this.#loadStore()).findEntities(entityType, { ...query, features: names })
  }

  async erase(entityType: string, entityId: string, options: EraseOptions): Promise<Erased> {
    const store = await this.#loadStore()
    const { eraseEntity } = await import("@fabra/worker") // loads what computes
    return await eraseEntity(store, entityType, entityId, { ...options, bus: this.#connections.bus })
  }

  lag(group: string): Promise<PartitionLag[]> {
    return this.#connections.bus.lag(group)
  }

  async follow(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void> {
    await this.#connections.feed.subscribe(onNotices, signal)
    await fired(signal)
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#connections[Symbol.asyncDispose]()
  }

  #loadStore(): Promise<FeatureStore> {
    this.#store ??= loadFeatures(findFeatures(this.#named)).then(async ({ store }) => {
      await this.#connections.connect(store)
      return store
    })
    return this.#store
  }
}

/** The queue of a bus, as the client has that of a server. */
function deadLettersOf(queue: DeadLetterQueue): DeadLetters {
  return {
    list: (filter, page) => queue.list(filter, page),
    async get(id) {
      const found = await queue.get(id)
      if (found === undefined) return undefined
      const { data, ...entry } = found
      return { ...entry, event: readEvent(data) }
    },
    replay: (ids) => queue.replay(ids),
    discard: (ids) => queue.discard(ids),
    replayAll: (filter) => replayAll(queue, filter),
    discardAll: (filter) => discardAll(queue, filter),
  }
}

function readEvent(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

/** What the HTTP API would refuse: an event that nothing is triggered by, or that does not match its schema. */
async function check({ registry }: FeatureStore, { eventType, payload }: AxiomEvent): Promise<FabraError | undefined> {
  if (registry.handlersFor(eventType).length === 0) {
    const message = `No feature is triggered by "${eventType}".${didYouMean(eventType, registry.eventTypes)}`
    return new FabraError("invalid_event", message, { path: "event_type" })
  }
  try {
    await registry.events.get(eventType)?.parse(payload)
    return undefined
  } catch (error) {
    return FabraError.from(error)
  }
}

function unknownEntity(name: string, known: readonly string[]): FabraError {
  const hint = didYouMean(name, known) || ` There are ${known.join(", ")}.`
  return new FabraError("unknown_entity", `Entity "${name}" is not known to this store.${hint}`, { allowed: known })
}
