import { FabraError, type JsonObject, type JsonValue } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import type { FeatureCache } from "../cache/cache.js"
import type { FilterNode, MetadataFilter } from "../documents/metadata-filter.js"
import { matchesFilter, parseFilter } from "../documents/metadata-filter.js"
import type { Entity, Feature } from "../feature/feature.js"
import type { Registry } from "../registry.js"
import type { FeatureRow, FeatureValue } from "./serve.js"

/** Which entities are looked for. */
export interface EntityQuery {
  /**
   * Of the values of kept features, as they are served: `{ risk_score: { $gte: 80 } }`. A `Date` is compared as ISO 8601 text; a
   * feature that has no value equals nothing.
   */
  readonly filter: MetadataFilter
  /** Features that are read with those of the filter. Default none. */
  readonly features?: readonly (Feature | string)[] | undefined
  /** `next` of the page before. */
  readonly after?: string | undefined
  /** About how many entities are looked at for one page. 1 to 10,000, default 1,000. */
  readonly limit?: number | undefined
}

/** One page of the entities that were looked at. */
export interface EntityMatches {
  /** Those that match, with their values: maybe none, although a later page has some. */
  readonly rows: readonly FeatureRow<readonly Feature[]>[]
  /** How many were looked at. */
  readonly scanned: number
  /** Where the next page begins; `null` at the end. */
  readonly next: string | null
}

/** What is looked through. */
export interface EntitySource {
  readonly registry: Registry
  readonly cache: FeatureCache
  getFeatures(features: readonly Feature[], ids: readonly string[]): Promise<FeatureRow<readonly Feature[]>[]>
}

const MAX_LIMIT = 10_000

/**
 * Pages through the entities of a type and returns those whose values match. There is no index of values: every page reads its
 * entities, whether they match or not, with one call of the cache.
 * @throws FabraError `unknown_feature`, `invalid_argument`, `cache_unavailable`
 */
export async function findEntities(
  store: EntitySource,
  entity: Entity,
  { filter, features = [], after, limit = 1_000 }: EntityQuery,
): Promise<EntityMatches> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    const message = `limit is ${show(limit)}: it must be a whole number from 1 to ${MAX_LIMIT}.`
    throw new FabraError("invalid_argument", message, { path: "limit" })
  }
  const node = parseFilter(filter)
  const names = [...new Set([...fieldsOf(node), ...features.map((one) => (typeof one === "string" ? one : one.name))])]
  if (names.length === 0) {
    const message = "filter is empty: name a feature in it. All ids there are come page by page from cache.entities."
    throw new FabraError("invalid_argument", message, { path: "filter" })
  }
  const read = names.map((name) => keptFeature(store, entity, name))
  const page = await store.cache.entities(entity.name, { after, limit })
  const rows = page.ids.length === 0 ? [] : await store.getFeatures(read, page.ids)
  return {
    rows: rows.filter((row) => matchesFilter(toJson(row.features), node)),
    scanned: page.ids.length,
    next: page.next,
  }
}

/** The features that a filter names. */
function fieldsOf(node: FilterNode): readonly string[] {
  if ("nodes" in node) return node.nodes.flatMap(fieldsOf)
  return "node" in node ? fieldsOf(node.node) : [node.field]
}

function keptFeature({ registry }: EntitySource, entity: Entity, name: string): Feature {
  const feature = registry.feature(name)
  if (feature.entity !== entity) {
    const message = `"${name}" is a feature of ${feature.entity.name}, not of ${entity.name}.`
    throw new FabraError("invalid_argument", message, { path: "filter" })
  }
  if (feature.computedBy !== "reads") return feature
  const message = `"${name}" is computed when it is read: to look for it would compute it for every entity. Let events or a schedule compute it.`
  throw new FabraError("invalid_argument", message, { path: "filter" })
}

function toJson(features: Readonly<Record<string, FeatureValue<unknown>>>): JsonObject {
  const values = Object.entries(features).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]]))
  return Object.fromEntries(
    values.map(([name, value]) => [name, value instanceof Date ? value.toISOString() : (value as JsonValue)]),
  ) as JsonObject
}
