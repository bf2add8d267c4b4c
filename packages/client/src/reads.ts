import type { SearchHit } from "@fabra/core"
import type { CallOptions, ReadOptions } from "./options.js"
import { type Transport, toQuery } from "./transport.js"
import type { EntityRow, FeatureValue, SearchQuery } from "./types.js"
import { hitFromWire, valuesFromWire } from "./wire.js"

type Values = Record<string, FeatureValue<unknown>>

/** See `FabraClient.getFeatures`. */
export async function getFeatures(
  transport: Transport,
  names: readonly string[],
  rows: EntityRow | readonly EntityRow[],
  { signal, maxAgeMs, input }: ReadOptions,
): Promise<Values | undefined | Values[]> {
  const body = JSON.stringify({
    features: names,
    entity_rows: Array.isArray(rows) ? rows : [rows],
    max_age: duration(maxAgeMs),
    input,
  })
  const answer = await transport.send({ path: "/features", body, signal })
  const values = (answer.rows as { features: Values }[]).map(({ features }) => valuesFromWire(features))
  return Array.isArray(rows) ? values : values[0]
}

/** See `FabraClient.getEntity`. */
export async function getEntity(
  transport: Transport,
  entity: string,
  id: string,
  { signal, names, maxAgeMs, input }: ReadOptions & { readonly names?: readonly string[] | undefined },
): Promise<Values> {
  const query = toQuery({ names: names?.join(","), max_age: duration(maxAgeMs), input: input && JSON.stringify(input) })
  const path = `/features/${encodeURIComponent(entity)}/${encodeURIComponent(id)}${query}`
  return valuesFromWire((await transport.send({ path, signal })).features)
}

/** See `FabraClient.search`. */
export async function search(
  transport: Transport,
  index: string,
  { text, vector, topK, filter, mode, efSearch }: SearchQuery,
  { signal }: CallOptions,
): Promise<SearchHit[]> {
  const query = { text, vector: vector && [...vector], top_k: topK, filter, mode, ef_search: efSearch }
  const path = `/search/${encodeURIComponent(index)}`
  return (await transport.send({ path, body: JSON.stringify(query), signal })).hits.map(hitFromWire)
}

function duration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${Math.trunc(ms)}ms`
}
