import type { SearchHit, SearchQuery } from "@fabra/core"
import type { JsonObject } from "@fabra/events"
import { DocumentAdapters, documentSettings } from "../adapters/documents.js"
import { findFeatures, loadFeatures } from "../features-file.js"
import type { SettingName, Settings } from "../settings/table.js"
import { LOCAL_SERVER } from "./access.js"
import { HttpClient } from "./http-client.js"

/** The settings that choose where is searched. */
export const searchSettings = [
  "serverUrl",
  "apiKey",
  "features",
  ...documentSettings,
] as const satisfies readonly SettingName[]

/** A hit as the HTTP API spells it. */
export interface Hit extends Pick<SearchHit, "chunk" | "text" | "start" | "end" | "score"> {
  readonly entity_id: string
  readonly metadata: JsonObject
  readonly event_time: string | null
  readonly indexed_at: string
}

/** Through the HTTP API that is named; else in the Postgres that is named; else through the local HTTP API. */
export async function searchDocuments(
  settings: Settings<(typeof searchSettings)[number]>,
  index: string,
  query: SearchQuery,
): Promise<readonly Hit[]> {
  const { serverUrl, postgresUrl, apiKey } = settings
  if (serverUrl === undefined && postgresUrl !== undefined) return searchPostgres(settings, index, query)
  const { topK, ...rest } = query
  const client = new HttpClient(serverUrl ?? LOCAL_SERVER, apiKey)
  const body = JSON.stringify({ ...rest, top_k: topK })
  return (await client.call<{ hits: Hit[] }>(`/search/${encodeURIComponent(index)}`, body)).hits
}

async function searchPostgres(
  settings: Settings<(typeof searchSettings)[number]>,
  index: string,
  query: SearchQuery,
): Promise<readonly Hit[]> {
  const { store } = await loadFeatures(findFeatures(settings.features))
  const documents = new DocumentAdapters(settings)
  try {
    await documents.connect(store)
    return (await store.search(index, query)).map(({ entityId, eventTime, indexedAt, ...same }) => ({
      ...{ entity_id: entityId, ...same },
      ...{ event_time: eventTime?.toISOString() ?? null, indexed_at: indexedAt.toISOString() },
    }))
  } finally {
    await documents.close()
  }
}
