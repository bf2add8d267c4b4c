import type { FeatureStore } from "@fabra/core"
import type { ScheduledHandler } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import pg from "pg"
import { DocumentAdapters, type DocumentSettings } from "../project/documents.js"
import { OfflineAdapter } from "../project/offline.js"
import { showAddress } from "../settings/show-address.js"
import { count, duration } from "../terminal/output.js"
import { type Check, fail, ok, warn } from "./check.js"

const PATIENCE_MS = 3_000

/**
 * Postgres, where it is named: does it answer, has it pgvector and the indexes of the features file where that defines
 * any, and can the features that are SQL be run?
 */
export async function* postgresChecks(
  settings: DocumentSettings,
  store: FeatureStore | undefined,
): AsyncGenerator<Check> {
  const { postgresUrl } = settings
  const indexes = [...(store?.registry.indexes.keys() ?? [])]
  const queries = [...(store?.registry.scheduledHandlers.values() ?? [])].filter(({ sql }) => sql !== undefined)
  if (postgresUrl === undefined) {
    if (queries.length > 0) {
      const found = `not used, but there is SQL: ${queries.map(({ feature }) => feature.name).join(", ")}`
      yield fail("postgres", found, "set FABRA_POSTGRES_URL; workers do not start without")
    }
    if (indexes.length === 0) return
    const found = `not used: ${count(indexes.length, "index", "indexes")} kept in the memory of one process`
    return yield warn("postgres", found, "set FABRA_POSTGRES_URL to keep documents, and run fabra migrate")
  }
  if (!(yield* serverChecks(postgresUrl, indexes.length > 0)) || store === undefined) return
  await using offline = new OfflineAdapter({ postgresUrl })
  await offline.connect(store)
  for (const query of queries) yield await queryCheck(store, query)
  if (indexes.length === 0) return
  await using documents = new DocumentAdapters(settings)
  try {
    await documents.connect(store)
    for (const index of indexes) yield await indexCheck(store, index)
  } catch (error) {
    yield fail("indexes", (error as Error).message, "see docs/cli.md: fabra gives your store its vector store")
  }
}

/** Returns whether it can be asked further. */
async function* serverChecks(url: string, hasIndexes: boolean): AsyncGenerator<Check, boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
  })
  client.on("error", () => {}) // whatever waits for it tells of it
  try {
    await client.connect()
    const started = performance.now()
    const { rows } = await client.query<{ server: string; there: string | null; available: string | null }>(
      `select current_setting('server_version') as server,
        (select extversion from pg_extension where extname = 'vector') as there,
        (select default_version from pg_available_extensions where name = 'vector') as available`,
    )
    const { server = "", there = null, available = null } = rows[0] ?? {}
    yield ok("postgres", `${showAddress(url)} (${server}) answers in ${duration(performance.now() - started)}`)
    if (hasIndexes) yield pgvectorCheck(there, available)
    return there !== null || !hasIndexes
  } catch (error) {
    // Several addresses of one host, all refused, are one error without a message of its own.
    const [{ message, code }] = error instanceof AggregateError ? error.errors : [error]
    const isRefused = /^(28|3D)/.test(String(code)) || message.startsWith("SASL:")
    const mend = isRefused
      ? "correct the user, the password or the database in FABRA_POSTGRES_URL"
      : "start Postgres, or correct FABRA_POSTGRES_URL"
    yield fail("postgres", `${showAddress(url)}: ${message}`, mend)
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** @param there version of the extension in this database; @param available version that the server could create */
export function pgvectorCheck(there: string | null, available: string | null): Check {
  if (there === null && available === null) {
    const mend = "install it on the server, as the package postgresql-<version>-pgvector, and run fabra migrate"
    return fail("pgvector", "not installed", mend)
  }
  if (there === null) {
    const mend = "fabra migrate, or as a superuser: CREATE EXTENSION vector"
    return fail("pgvector", `${available}, but not in this database`, mend)
  }
  const [major = 0, minor = 0] = there.split(".").map(Number)
  const mend = "install pgvector 0.8 or newer on the server, then ALTER EXTENSION vector UPDATE"
  if (major === 0 && minor < 5) return fail("pgvector", `${there} is too old`, mend)
  if (major === 0 && minor < 8) return warn("pgvector", `${there} searches slowly with a filter`, mend)
  return ok("pgvector", there)
}

async function queryCheck({ offline }: FeatureStore, { feature, sql }: ScheduledHandler): Promise<Check> {
  try {
    await offline?.checkQuery(sql as string, { timeoutMs: PATIENCE_MS, signal: AbortSignal.timeout(PATIENCE_MS) })
    return ok("query", `${feature.name} can be run`)
  } catch (error) {
    return fail("query", `${feature.name}: ${(error as Error).message}`, "mend its sql in your features file")
  }
}

async function indexCheck(store: FeatureStore, index: string): Promise<Check> {
  try {
    await store.search(index, { text: "fabra", mode: "text", topK: 1 }) // needs no embedding
    return ok("index", `${index} is there`)
  } catch (error) {
    const { code, message } = FabraError.from(error)
    if (code === "not_migrated") return fail("index", message, "fabra migrate <file>")
    const mend = "give it a new name, run fabra migrate <file>, and index its documents again"
    return fail("index", message, code === "index_mismatch" ? mend : "see above")
  }
}
