import type { MetadataFilter } from "@fabra/core"
import type { CallOptions } from "./options.js"
import { type Transport, toQuery } from "./transport.js"
import type { FeatureValue } from "./types.js"
import { valuesFromWire } from "./wire.js"

/** Which entities are looked for. */
export interface EntityQuery extends CallOptions {
  /** Of the values of features: `{ risk_score: { $gte: 80 } }`. */
  readonly filter: MetadataFilter
  /** Features that are answered with those of the filter. Default none. */
  readonly names?: readonly string[] | undefined
  /** `next` of the page before. */
  readonly after?: string | undefined
  /** About how many entities are looked at for one page. 1 to 10,000, default 1,000. */
  readonly limit?: number | undefined
}

/** One page of the entities that were looked at. */
export interface EntityMatches {
  /** Those that match: maybe none, although a later page has some. */
  readonly rows: readonly {
    readonly entityId: string
    readonly features: Readonly<Record<string, FeatureValue<unknown>>>
  }[]
  /** How many were looked at. */
  readonly scanned: number
  /** Where the next page begins; `null` at the end. */
  readonly next: string | null
}

/** See `FabraClient.findEntities`. */
export async function findEntities(
  transport: Transport,
  entity: string,
  { signal, filter, names, after, limit }: EntityQuery,
): Promise<EntityMatches> {
  const query = toQuery({ filter: JSON.stringify(filter), names: names?.join(","), after, limit })
  const answer = await transport.send({ path: `/entities/${encodeURIComponent(entity)}${query}`, signal })
  const rows = (answer.rows as { entity_id: string; features: Record<string, any> }[]).map((row) => ({
    entityId: row.entity_id,
    features: valuesFromWire(row.features),
  }))
  return { rows, scanned: answer.scanned, next: answer.next }
}
