import type { SearchHit, SearchQuery } from "@fabra/core"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import { DocumentAdapters, documentSettings } from "../project/documents.js"
import type { SettingName, Settings } from "../settings/table.js"
import { openClient } from "./http-access.js"

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
): Promise<readonly SearchHit[]> {
  const { serverUrl, postgresUrl } = settings
  if (serverUrl !== undefined || postgresUrl === undefined) return openClient(settings).search(index, query)
  const { store } = await loadFeatures(findFeatures(settings.features))
  await using documents = new DocumentAdapters(settings)
  await documents.connect(store)
  return await store.search(index, query)
}
