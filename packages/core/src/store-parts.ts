import { type Clock, type EventBus, FabraError, systemClock } from "@fabra/events"
import type { FeatureCache } from "./cache/cache.js"
import { MemoryFeatureCache } from "./cache/memory-cache.js"
import type { Embedder } from "./documents/embedder.js"
import { MemoryVectorStore } from "./documents/memory-vector-store.js"
import type { VectorStore } from "./documents/vector-store.js"
import { WordHashEmbedder } from "./documents/word-hash-embedder.js"
import type { OfflineStore } from "./offline/offline-store.js"
import { KeptValues } from "./serve/kept-values.js"

/** Options of {@link FeatureStore}. */
export interface FeatureStoreOptions {
  /** Where events come from, for workers and servers of this store that are given no bus of their own. Default: none. */
  readonly bus?: EventBus | undefined
  /** Where values are kept. Default: in memory, until {@link FeatureStore.connect} says otherwise. */
  readonly cache?: FeatureCache
  /** Where indexed documents are kept. Default: in memory, as above. */
  readonly vectors?: VectorStore
  /** What makes vectors of texts, where an index does not name its own. Default: {@link WordHashEmbedder}, as above. */
  readonly embedder?: Embedder
  /** What `context.sql`, and features that are SQL, ask. Default: none. */
  readonly offline?: OfflineStore | undefined
  readonly clock?: Clock
}

/** What a store is connected to; what nobody named until it is first used is in memory. */
export class StoreParts {
  #clock: Clock
  #bus: EventBus | undefined
  #cache: FeatureCache | undefined
  #vectors: VectorStore | undefined
  #embedder: Embedder | undefined
  #offline: OfflineStore | undefined
  #kept: KeptValues | undefined

  constructor({ bus, cache, vectors, embedder, offline, clock = systemClock }: FeatureStoreOptions) {
    this.#bus = bus
    this.#cache = cache
    this.#vectors = vectors
    this.#embedder = embedder
    this.#offline = offline
    this.#clock = clock
  }

  get clock(): Clock {
    return this.#clock
  }

  get bus(): EventBus | undefined {
    return this.#bus
  }

  get cache(): FeatureCache {
    this.#cache ??= new MemoryFeatureCache()
    return this.#cache
  }

  get vectors(): VectorStore {
    this.#vectors ??= new MemoryVectorStore()
    return this.#vectors
  }

  get embedder(): Embedder {
    this.#embedder ??= new WordHashEmbedder()
    return this.#embedder
  }

  get offline(): OfflineStore | undefined {
    return this.#offline
  }

  get kept(): KeptValues {
    this.#kept ??= new KeptValues(this.cache, this.#clock)
    return this.#kept
  }

  /** @throws FabraError `invalid_argument` when there is another already */
  connect({ bus, cache, vectors, embedder, offline, clock }: FeatureStoreOptions): void {
    this.#bus = pick("a bus", this.#bus, bus)
    this.#cache = pick("a cache", this.#cache, cache)
    this.#vectors = pick("a vector store", this.#vectors, vectors)
    this.#embedder = pick("an embedder", this.#embedder, embedder)
    this.#offline = pick("an offline store", this.#offline, offline)
    if (clock !== undefined) this.#clock = clock
    this.#kept = undefined
  }
}

function pick<Part>(what: string, there: Part | undefined, wanted: Part | undefined): Part | undefined {
  if (there === undefined || wanted === undefined || there === wanted) return wanted ?? there
  throw new FabraError("invalid_argument", `The store has ${what} already; connect it before it is first used.`)
}
