import type { FeatureStore } from "@fabra/core"
import { FabraError } from "@fabra/events"
import type { Metrics } from "@fabra/metrics"
import type { AdapterSettings, Adapters, MemorySettings } from "./adapters.js"
import { type Closing, opening } from "./closing.js"
import { DocumentAdapters, type DocumentSettings, type Place } from "./documents.js"
import { OfflineAdapter } from "./offline.js"
import { openAdapters } from "./open-adapters.js"

/** The settings of everything that a store can be connected to. */
export type ConnectionSettings = (AdapterSettings | MemorySettings) & Partial<DocumentSettings>

/** Bus, cache and feed, and what stores are connected to: the same for every store. Disposing it closes all of it. */
export interface Connections extends Adapters, AsyncDisposable {
  /**
   * Gives a user's store its bus and its cache, and the documents and offline store that it needs and has not brought.
   * @param metrics counts what the embedder does
   * @throws FabraError `invalid_argument` when it brought a bus or a cache of its own, and as `DocumentAdapters.connect`
   */
  connect(store: FeatureStore, metrics?: Metrics): Promise<void>
}

/** Opens everything that stores are connected to. Nothing stays open when a part of it cannot be opened. */
export function openConnections(settings: ConnectionSettings, place: Place = "shared"): Promise<Connections> {
  return opening(async (closing: Closing) => {
    const adapters = await openAdapters(settings, closing)
    const documents = closing.use(new DocumentAdapters(settings, place))
    const offline = closing.use(new OfflineAdapter(settings))
    return {
      ...adapters,
      async connect(store, metrics) {
        connectAdapters(store, adapters)
        await documents.connect(store, metrics)
        await offline.connect(store)
      },
      [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose](),
    }
  })
}

function connectAdapters(store: FeatureStore, { bus, cache }: Adapters): void {
  try {
    store.connect({ bus, cache })
  } catch (error) {
    const message =
      "Your store has a bus or a cache already; make it with `new FeatureStore()` and fabra gives it both."
    throw new FabraError("invalid_argument", message, { cause: error })
  }
}
