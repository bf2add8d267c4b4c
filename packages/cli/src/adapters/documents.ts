import { createRequire } from "node:module"
import type { VectorStore } from "@fabra/core"
import { CachingEmbedder, type Embedder, type FeatureStore, type Logger, MemoryVectorStore } from "@fabra/core"
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
export type DocumentSettings = Settings<(typeof embedderSettings)[number]> & Partial<Settings<"postgresUrl">>

/** Where documents are to be: where others find them, or in this process, as in development. */
export type Place = "shared" | "inThisProcess"

interface Row {
  readonly chosenBy: (settings: Partial<DocumentSettings>, place: Place) => boolean
  readonly open: (settings: Partial<DocumentSettings>) => Promise<VectorStore>
}

/** The one table that says which vector store is used when, as that of bus and cache. */
const rows: readonly Row[] = [
  {
    chosenBy: ({ postgresUrl }) => postgresUrl !== undefined,
    open: async ({ postgresUrl }) => new (await import("@fabra/vector-pgvector")).PgVectorStore({ url: postgresUrl }),
  },
  {
    chosenBy: (_, place) => place === "inThisProcess" && hasPGlite(),
    open: async () => (await import("@fabra/vector-pgvector/embedded")).embeddedVectorStore(),
  },
  { chosenBy: () => true, open: async () => new MemoryVectorStore() },
]

/** Vector store and embedder, the same for every store that is connected. */
export class DocumentAdapters {
  readonly #settings: Partial<DocumentSettings>
  readonly #place: Place
  #vectors: Promise<VectorStore> | undefined
  #embedder: Promise<Embedder | undefined> | undefined

  constructor(settings: Partial<DocumentSettings>, place: Place = "shared") {
    this.#settings = settings
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
    this.#vectors ??= (rows.find(({ chosenBy }) => chosenBy(this.#settings, this.#place)) as Row).open(this.#settings)
    const isOurs = connectUnlessOwn(store, { vectors: await this.#vectors })
    if (!isOurs && this.#settings.postgresUrl !== undefined) {
      const message = "Your store has a vector store already: make it without, or leave FABRA_POSTGRES_URL out."
      throw new FabraError("invalid_argument", message)
    }
    if (isOurs && this.#place === "inThisProcess") await store.migrate()
  }

  async close(): Promise<void> {
    await (await this.#vectors)?.close()
  }
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
