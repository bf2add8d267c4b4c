import { type Clock, type EventBus, FabraError } from "@fabra/events"
import { checkEntityId } from "@fabra/events/adapter"
import type { FeatureCache, StoredValue } from "./cache/cache.js"
import { writeDirectly } from "./cache/direct-write.js"
import { DocumentIndexes, type IndexOptions, type RemoveOutcome } from "./documents/document-indexes.js"
import type { Embedder } from "./documents/embedder.js"
import type { IndexOutcome } from "./documents/indexer.js"
import { type SearchHit, type SearchQuery, search } from "./documents/search.js"
import type { VectorIndex, VectorIndexOptions } from "./documents/vector-index.js"
import type { VectorStore } from "./documents/vector-store.js"
import type { ReadFeatureOptions, ReadInput } from "./feature/computed-feature.js"
import type { AgeOptions, Entity, Feature, FeatureOptions, ServedValue, Trigger } from "./feature/feature.js"
import type { AnyFeatureOptions } from "./feature/feature-definition.js"
import type { ScheduledFeatureOptions, SqlFeatureOptions } from "./feature/scheduled-feature.js"
import { encodeValue } from "./feature/values.js"
import type { OfflineStore } from "./offline/offline-store.js"
import { mayWriteOutside } from "./outside-write.js"
import { Registry } from "./registry.js"
import { type EntityMatches, type EntityQuery, findEntities } from "./serve/find-entities.js"
import { readFeatures } from "./serve/read-features.js"
import type { FeatureRow, FeatureValue } from "./serve/serve.js"
import { type FeatureStoreOptions, StoreParts } from "./store-parts.js"
import { transactionOf } from "./transaction.js"

/** Options of reading features. */
export interface ReadOptions {
  /** For features that are computed with the read: their `context.input`. Default `{}`. */
  readonly input?: ReadInput | undefined
}

/** Options of setting a feature. */
export interface SetOptions {
  /**
   * Lets a handler set a feature of another entity: at once, whether or not the handler succeeds, and again with each try.
   * Only right for a value that may overwrite whatever is there. Default `false`: refused. Changes nothing elsewhere.
   */
  readonly outsideTransaction?: boolean | undefined
}

/** Entities, features and how to read them. Defines; connects to nothing by itself. */
export class FeatureStore {
  /** What was defined; for workers, servers and tools. */
  readonly registry = new Registry()
  readonly #parts: StoreParts
  readonly #documents: DocumentIndexes

  constructor(options: FeatureStoreOptions = {}) {
    this.#parts = new StoreParts(options)
    this.#documents = new DocumentIndexes(this.#parts)
  }

  /** Whose time values are stamped with. */
  get clock(): Clock {
    return this.#parts.clock
  }

  /** Where events come from, if somebody said so: what workers and servers use that are given no other. */
  get bus(): EventBus | undefined {
    return this.#parts.bus
  }

  /** Where values are kept. */
  get cache(): FeatureCache {
    return this.#parts.cache
  }

  /** Where indexed documents are kept. */
  get vectors(): VectorStore {
    return this.#parts.vectors
  }

  /** What makes vectors of texts, where an index does not name its own. */
  get embedder(): Embedder {
    return this.#parts.embedder
  }

  /** What `context.sql`, and features that are SQL, ask. */
  get offline(): OfflineStore | undefined {
    return this.#parts.offline
  }

  /**
   * Says what a store is connected to that was defined without: where events come from, where values and
   * documents are kept, what makes vectors, where the history is, and whose time values are stamped with.
   * @throws FabraError `invalid_argument` when it has another already
   */
  connect(parts: FeatureStoreOptions): void {
    this.#parts.connect(parts)
  }

  /**
   * Defines a type of thing that has features.
   * @throws FabraError `invalid_name`, `duplicate_name`
   */
  entity<Name extends string>(name: Name, { key }: { readonly key: string }): Entity<Name> {
    return this.registry.addEntity(name, key) as Entity<Name>
  }

  /**
   * Defines a feature.
   * @throws FabraError `invalid_name`, `duplicate_name`, `unknown_entity`, `invalid_argument`, `invalid_value`
   */
  feature<Name extends string, const T extends Trigger | readonly Trigger[], Value>(
    name: Name,
    options: FeatureOptions<T, Value, Value> & { readonly initial: Value },
  ): Feature<Name, Value, Value>
  feature<Name extends string, const T extends Trigger | readonly Trigger[], Value>(
    name: Name,
    options: FeatureOptions<T, Value, unknown> & { readonly initial?: undefined; readonly default: Value },
  ): Feature<Name, Value, Value>
  feature<Name extends string, const T extends Trigger | readonly Trigger[], Value>(
    name: Name,
    options: FeatureOptions<T, Value, unknown> & { readonly initial?: undefined },
  ): Feature<Name, Value, Value | undefined>
  feature<Name extends string, Value>(
    name: Name,
    options: (ReadFeatureOptions<Value> | ScheduledFeatureOptions<Value>) & { readonly default: Value },
  ): Feature<Name, Value, Value>
  feature<Name extends string, Value>(
    name: Name,
    options: ReadFeatureOptions<Value> | ScheduledFeatureOptions<Value>,
  ): Feature<Name, Value, Value | undefined>
  feature<Value = unknown, Name extends string = string>(
    name: Name,
    options: SqlFeatureOptions<Value> & { readonly default: Value },
  ): Feature<Name, Value, Value>
  feature<Value = unknown, Name extends string = string>(
    name: Name,
    options: SqlFeatureOptions<Value>,
  ): Feature<Name, Value, Value | undefined>
  feature<Value, Name extends string = string>(
    name: Name,
    options: { readonly entity: Entity | string; readonly initial: Value } & AgeOptions<Value>,
  ): Feature<Name, Value, Value>
  feature<Value = unknown, Name extends string = string>(
    name: Name,
    options: { readonly entity: Entity | string } & AgeOptions<Value>,
  ): Feature<Name, Value, Value | undefined>
  feature(name: string, options: AnyFeatureOptions): Feature {
    return this.registry.addFeature(name, options)
  }

  /**
   * The value of a feature: as last computed, or computed now if that is how it is defined, else its `default` or
   * `initial`, else `undefined`. Inside a handler, for the handler's own entity, it joins the handler's transaction.
   * @throws FabraError `unknown_feature`, `invalid_argument` (the id), `cache_unavailable`, `feature_failed`
   */
  getFeature<F extends Feature>(feature: F, entityId: string, options?: ReadOptions): Promise<ServedValue<F>>
  getFeature<Value = unknown>(feature: string, entityId: string, options?: ReadOptions): Promise<Value | undefined>
  async getFeature(feature: Feature | string, entityId: string, options?: ReadOptions): Promise<unknown> {
    checkEntityId(entityId, "entityId")
    const transaction = this.#transactionFor(feature, entityId)
    if (transaction !== undefined) return transaction.get(typeof feature === "string" ? feature : feature.name)
    return (await this.getFeatureValue(this.#resolve(feature), entityId, options)).value
  }

  /** As {@link getFeature}, with its times and status; what is served without a value is its `default`, also in a handler. */
  async getFeatureValue<F extends Feature>(
    feature: F,
    entityId: string,
    options?: ReadOptions,
  ): Promise<FeatureValue<ServedValue<F>>> {
    const { features } = await this.getFeatures([feature], entityId, options)
    return (features as Record<string, FeatureValue<ServedValue<F>>>)[feature.name] as FeatureValue<ServedValue<F>>
  }

  /**
   * Many features of one entity, or of many, in one round trip. All kept values of one entity are of one moment. Inside a
   * handler, those of the handler's own entity are read in its transaction.
   * @throws FabraError `unknown_feature`, `invalid_argument` (ids; features of different entities), `cache_unavailable`,
   *   `feature_failed` when one that is computed with the read cannot be
   */
  getFeatures<const F extends readonly Feature[]>(
    features: F,
    entityId: string,
    options?: ReadOptions,
  ): Promise<FeatureRow<F>>
  getFeatures<const F extends readonly Feature[]>(
    features: F,
    entityIds: readonly string[],
    options?: ReadOptions,
  ): Promise<FeatureRow<F>[]>
  async getFeatures(
    features: readonly (Feature | string)[],
    ids: string | readonly string[],
    options: ReadOptions = {},
  ): Promise<unknown> {
    const known = features.map((feature) => this.#resolve(feature))
    const { cache, clock, offline, kept } = this.#parts
    const env = { registry: this.registry, cache, clock, offline, kept }
    return readFeatures(env, known, ids, options.input)
  }

  /**
   * The entities of a type whose values match a filter, page by page: `next` of one page is `after` of the next. There is no index of
   * values: all entities are looked at, each page with one call of the cache.
   * @example await store.findEntities("Account", { filter: { risk_score: { $gte: 80 } } })
   * @throws FabraError `unknown_entity`, `unknown_feature`, `invalid_argument`, `cache_unavailable`
   */
  async findEntities(entity: Entity | string, query: EntityQuery): Promise<EntityMatches> {
    return findEntities(this, this.registry.entity(typeof entity === "string" ? entity : entity.name), query)
  }

  /**
   * Sets a feature directly, outside of event processing; handlers that read the old value are run again. Inside a handler, for the
   * handler's own entity, it joins the handler's transaction, and any name will do; for another entity it is refused, unless
   * the options say that it is outside of the transaction.
   * @throws FabraError `unknown_feature`, `invalid_argument` (the id; another entity's in a handler), `invalid_value`,
   *   `cache_unavailable` (it may then have been set or not)
   */
  setFeature<Value>(
    feature: Feature<string, Value, any>,
    entityId: string,
    value: Value,
    options?: SetOptions,
  ): Promise<void>
  setFeature(feature: string, entityId: string, value: unknown, options?: SetOptions): Promise<void>
  async setFeature(
    feature: Feature | string,
    entityId: string,
    value: unknown,
    { outsideTransaction = false }: SetOptions = {},
  ): Promise<void> {
    checkEntityId(entityId, "entityId")
    const transaction = this.#transactionFor(feature, entityId)
    const name = typeof feature === "string" ? feature : feature.name
    if (transaction !== undefined && !outsideTransaction) return transaction.set(name, value)
    const { entity, computedBy, state } = this.#resolve(feature)
    if (computedBy === "reads" || state !== undefined) {
      throw new FabraError("invalid_argument", `"${name}" is computed when it is read: nobody can set it.`)
    }
    const key = { entityType: entity.name, entityId }
    const stored: StoredValue = {
      text: encodeValue(value, `value of feature "${name}"`),
      eventTime: null,
      computedAt: this.clock.now(),
    }
    if (!mayWriteOutside(name, key, outsideTransaction)) return
    await writeDirectly(this.#parts, { key, values: new Map([[name, stored]]) })
  }

  /**
   * Defines an index of documents, to be filled by {@link FeatureStore.index} and searched by {@link search}. A vector store that
   * persists has to be told by {@link migrate}.
   * @throws FabraError `invalid_name`, `duplicate_name`, `invalid_argument`
   */
  vectorIndex<Name extends string>(name: Name, options: VectorIndexOptions = {}): VectorIndex<Name> {
    return this.registry.addIndex(name, options) as VectorIndex<Name>
  }

  /**
   * Brings the vector store up to this version and makes the indexes defined so far. Safe to run again.
   * @returns what was done, in sentences for people
   * @throws FabraError `index_mismatch`, `invalid_argument` (an embedder of too many dimensions), `vector_unavailable`
   */
  async migrate(): Promise<string[]> {
    return this.vectors.migrate(
      [...this.registry.indexes.values()].map((index) => this.#documents.target(index).schema),
    )
  }

  /**
   * Puts a document's text into an index, in place of the one that is there. Inside a handler it carries the event's
   * position: it may be run again, and an earlier event never overwrites a later one. A text that is there already costs
   * no embedding. A blank text leaves a document that no search finds.
   * @throws FabraError `unknown_index`, `invalid_argument`, `invalid_value` (the metadata), `not_migrated`,
   *   `index_mismatch`, `embedder_unavailable`, `embedding_refused`, `invalid_embedding`, `vector_unavailable`; the
   *   handler's own time-out
   */
  async index(
    index: VectorIndex | string,
    entityId: string,
    text: string,
    options: IndexOptions = {},
  ): Promise<IndexOutcome> {
    return this.#documents.index(this.#index(index), entityId, text, options)
  }

  /**
   * Takes a document out of an index, in the order of events as {@link FeatureStore.index}.
   * @throws FabraError `unknown_index`, `invalid_argument`, `not_migrated`, `index_mismatch`, `vector_unavailable`
   */
  async removeDocument(index: VectorIndex | string, entityId: string): Promise<RemoveOutcome> {
    return this.#documents.remove(this.#index(index), entityId)
  }

  /**
   * The chunks of an index that are nearest to a text or a vector, best first.
   * @throws FabraError `unknown_index`, `invalid_argument`, `not_migrated`, `index_mismatch`, `embedder_unavailable`,
   *   `embedding_refused`, `invalid_embedding`, `vector_unavailable`
   */
  async search(index: VectorIndex | string, query: SearchQuery): Promise<SearchHit[]> {
    const target = this.#documents.target(this.#index(index))
    return search(target, query, this.cache, () => this.clock.now())
  }

  /** The open transaction if the feature belongs to its entity; names the store does not know belong to any. */
  #transactionFor(feature: Feature | string, entityId: string) {
    const transaction = transactionOf(entityId)
    if (transaction === undefined) return undefined
    const known = typeof feature === "string" ? this.registry.features.get(feature) : feature
    if (known === undefined) return transaction
    return known.computedBy === "reads" ? undefined : transactionOf(entityId, known.entity.name)
  }

  #resolve(feature: Feature | string): Feature {
    return this.registry.feature(typeof feature === "string" ? feature : feature.name)
  }

  #index(index: VectorIndex | string): VectorIndex {
    return this.registry.index(typeof index === "string" ? index : index.name)
  }
}
