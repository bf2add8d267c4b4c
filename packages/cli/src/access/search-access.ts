import { hitToWire, type SearchQuery, type WireHit } from "@fabra/core"
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

/** Through the HTTP API that is named; else in the Postgres that is named; else through the local HTTP API. */
export async function searchDocuments(
  settings: Settings<(typeof searchSettings)[number]>,
  index: string,
  query: SearchQuery,
): Promise<readonly WireHit[]> {
  const { serverUrl, postgresUrl, apiKey } = settings
  if (serverUrl === undefined && postgresUrl !== undefined) return searchPostgres(settings, index, query)
  const { topK, efSearch, ...rest } = query
  const client = new HttpClient(serverUrl ?? LOCAL_SERVER, apiKey)
  const body = JSON.stringify({ ...rest, top_k: topK, ef_search: efSearch })
  return (await client.call<{ hits: WireHit[] }>(`/search/${encodeURIComponent(index)}`, body)).hits
}

async function searchPostgres(
  settings: Settings<(typeof searchSettings)[number]>,
  index: string,
  query: SearchQuery,
): Promise<readonly WireHit[]> {
  const { store } = await loadFeatures(findFeatures(settings.features))
  const documents = new DocumentAdapters(settings)
  try {
    await documents.connect(store)
    return (await store.search(index, query)).map(hitToWire)
  } finally {
    await documents.close()
  }
}
