import { createRequire } from "node:module"
import {
  CachingEmbedder,
  type Embedder,
  type FeatureStore,
  type Logger,
  MemoryVectorStore,
  type VectorStore,
} from "@fabra/core"
import { FabraError } from "@fabra/events"
import type { Metrics } from "@fabra/metrics"
import { toEnvironment } from "../settings/options.js"
import type { SettingName, Settings } from "../settings/table.js"

/** The settings of what makes vectors of texts. */
export const embedderSettings = [
  "openaiApiKey",
  "openaiBaseUrl",
  "embeddingModel",
  "embeddingDimensions",
  "embeddingTokensPerMinute",
] as const satisfies SettingName[]

/** The settings that choose where documents are kept, and what makes their vectors. */
export const documentSettings = ["postgresUrl", ...embedderSettings] as const satisfies SettingName[]

/** Values of {@link documentSettings}. */
export type DocumentSettings = Settings<(typeof documentSettings)[number]>

/** Where documents are to be: where others find them, or in this process, as in development. */
export type Place = "shared" | "inThisProcess"

/** Vector store and embedder, the same for every store that is connected. */
export class DocumentAdapters implements AsyncDisposable {
  readonly #settings: Partial<DocumentSettings>
  readonly #place: Place
  #vectors: Promise<VectorStore> | undefined
  #embedder: Promise<Embedder | undefined> | undefined

  constructor(settings: Partial<DocumentSettings>, place: Place = "shared") {
    this.#settings = place === "shared" ? settings : { ...settings, postgresUrl: undefined }
    this.#place = place
  }

  /**
   * Gives a user's store what its indexes need; for one that has none nothing is loaded. A vector store or embedder that
   * it brought stays, but for a vector store where Postgres is named.
   * @param metrics counts what the embedder does
   * @throws FabraError `invalid_argument`; in this process what `migrate` throws
   */
  async connect(store: FeatureStore, metrics?: Pick<Metrics, "countEmbedder">): Promise<void> {
    if (store.registry.indexes.size === 0) return
    this.#embedder ??= openEmbedder(this.#settings, metrics)
    const embedder = await this.#embedder
    if (embedder !== undefined) connectUnlessOwn(store, { embedder })
    this.#vectors ??= openVectors(this.#settings.postgresUrl, this.#place)
    const isOurs = connectUnlessOwn(store, { vectors: await this.#vectors })
    if (!isOurs && this.#settings.postgresUrl !== undefined) {
      const message = "Your store has a vector store already: make it without, or leave FABRA_POSTGRES_URL out."
      throw new FabraError("invalid_argument", message)
    }
    if (isOurs && this.#place === "inThisProcess") await store.migrate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#vectors?.catch(() => undefined))?.close() // who asked for it was told why it cannot be opened
  }
}

/** The vector store that is used: Postgres where it is named, else one in this process. */
async function openVectors(postgresUrl: string | undefined, place: Place): Promise<VectorStore> {
  if (postgresUrl !== undefined) return new (await import("@fabra/vector-pgvector")).PgVectorStore({ url: postgresUrl })
  if (place === "shared" || !hasPGlite()) return new MemoryVectorStore()
  return (await import("@fabra/vector-pgvector/embedded")).embeddedVectorStore()
}

/** Tells that documents which one process indexes are found by no other. */
export function warnOfMemory({ registry, vectors }: FeatureStore, logger: Logger): void {
  if (registry.indexes.size === 0 || vectors.capabilities.shared) return
  logger.warn({}, "Documents are kept by this process alone, and no other finds them; set FABRA_POSTGRES_URL.")
}

function connectUnlessOwn(store: FeatureStore, part: Parameters<FeatureStore["connect"]>[0]): boolean {
  try {
    store.connect(part)
    return true
  } catch {
    return false
  }
}

async function openEmbedder(
  settings: Partial<DocumentSettings>,
  metrics?: Pick<Metrics, "countEmbedder">,
): Promise<Embedder | undefined> {
  const { openaiApiKey, openaiBaseUrl } = settings
  if (openaiApiKey === undefined && openaiBaseUrl === undefined) return undefined // loads the driver otherwise
  const { embedderSettingsFromEnv, OpenAIEmbedder } = await import("@fabra/embeddings-openai")
  const values = Object.fromEntries(embedderSettings.map((name) => [name, settings[name]]))
  const options = embedderSettingsFromEnv(toEnvironment(values))
  if (options === undefined) return undefined
  const embedder = new OpenAIEmbedder(options)
  return new CachingEmbedder(metrics?.countEmbedder(embedder) ?? embedder)
}

/** Whether `@fabra/vector-pgvector` finds what its embedded store is made of: installing that is left to the user. */
function hasPGlite(): boolean {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve("@fabra/vector-pgvector"))
  try {
    return ["pglite", "pglite-pgvector"].every((name) => resolve(`@electric-sql/${name}`) !== "")
  } catch {
    return false
  }
}
