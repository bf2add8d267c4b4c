import type { FeatureStore, ReadInput } from "@fabra/core"
import {
  type AxiomEvent,
  type DeadLetterQueue,
  didYouMean,
  FabraError,
  type PartitionLag,
  type PublishResult,
} from "@fabra/events"
import { type AdapterSettings, type Adapters, openAdapters } from "../adapters/adapters.js"
import { connect } from "../adapters/connect.js"
import { DocumentAdapters, type DocumentSettings } from "../adapters/documents.js"
import { OfflineAdapter } from "../adapters/offline.js"
import { toLetter, toShownLetter } from "../dead-letters.js"
import { findFeatures, loadFeatures } from "../features-file.js"
import type { AppliedNotices } from "../feed/feed.js"
import type { Settings } from "../settings/table.js"
import type { Access, LetterAccess, Published, Reading } from "./access.js"

/** The features file, and what features that are computed on reading may ask. */
export type DirectSettings = Settings<"features"> & Partial<DocumentSettings>

/** Reaches bus and cache themselves, past any HTTP API. What events and features there are is in the features file. */
export class DirectAccess implements Access {
  readonly where: string
  readonly deadLetters: LetterAccess
  readonly #adapters: Adapters
  readonly #named: string | undefined
  readonly #offline: OfflineAdapter
  readonly #documents: DocumentAdapters
  #store: Promise<FeatureStore> | undefined

  private constructor(adapters: Adapters, { features, postgresUrl, ...others }: DirectSettings) {
    this.where = adapters.where
    this.deadLetters = letterAccess(adapters.bus.deadLetters)
    this.#adapters = adapters
    this.#named = features
    this.#offline = new OfflineAdapter({ postgresUrl })
    this.#documents = new DocumentAdapters({ postgresUrl, ...others })
  }

  /** @param settings.features the features file, if it is named; it is loaded when it is needed */
  static async open(settings: AdapterSettings & DirectSettings): Promise<DirectAccess> {
    return new DirectAccess(await openAdapters(settings), settings)
  }

  async publish(events: readonly AxiomEvent[]): Promise<readonly Published[]> {
    const store = await this.#loadStore()
    const checked = await Promise.all(events.map((event) => check(store, event)))
    const good = events.filter((_event, i) => checked[i] === undefined)
    const results = good.length === 0 ? [] : await this.#adapters.bus.publish(good)
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
    input: ReadInput,
  ): Promise<Record<string, Reading>> {
    const store = await this.#loadStore()
    const { registry } = store
    const entity = registry.entities.get(entityType)
    if (entity === undefined) throw unknownEntity(entityType, [...registry.entities.keys()])
    const wanted = names.length === 0 ? registry.featuresOf(entity) : names.map((name) => registry.feature(name))
    if (wanted.length === 0) return {}
    const { features } = await store.getFeatures(wanted, entityId, { input })
    return Object.fromEntries(
      Object.entries(features).map(([name, { value, status, eventTime, computedAt }]) => [
        name,
        {
          value: value ?? null,
          status,
          event_time: eventTime?.toISOString() ?? null,
          computed_at: computedAt?.toISOString() ?? null,
        },
      ]),
    )
  }

  lag(group: string): Promise<PartitionLag[]> {
    return this.#adapters.bus.lag(group)
  }

  follow(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void> {
    return this.#adapters.feed.follow(onNotices, signal)
  }

  async close(): Promise<void> {
    await Promise.all([this.#adapters.close(), this.#offline.close(), this.#documents.close()])
  }

  #loadStore(): Promise<FeatureStore> {
    this.#store ??= loadFeatures(findFeatures(this.#named)).then(async ({ store }) => {
      connect(store, this.#adapters.cache)
      await this.#offline.connect(store)
      await this.#documents.connect(store)
      return store
    })
    return this.#store
  }
}

function letterAccess(queue: DeadLetterQueue): LetterAccess {
  return {
    async list(filter, page) {
      const { entries, next } = await queue.list(filter, page)
      return { letters: entries.map(toLetter), next }
    },
    async show(id) {
      const entry = await queue.get(id)
      return entry && toShownLetter(entry)
    },
    replay: (ids) => queue.replay(ids),
    discard: (ids) => queue.discard(ids),
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
