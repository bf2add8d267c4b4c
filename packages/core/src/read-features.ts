import { checkEntityId, FabraError } from "@fabra/events"
import type { ReadInput } from "./computed-feature.js"
import type { Feature } from "./feature.js"
import { Reading, type ReadingEnvironment } from "./reading.js"
import { serve } from "./serve.js"

/**
 * Features of one entity, or of each of many, as they are served: with one call of the cache where all are kept.
 * @throws FabraError `invalid_argument` (ids; no feature, or features of different entities), what reading throws
 */
export async function readFeatures(
  env: ReadingEnvironment,
  features: readonly Feature[],
  ids: string | readonly string[],
  input: ReadInput | undefined,
): Promise<unknown> {
  checkSameEntity(features)
  const entityIds = typeof ids === "string" ? [ids] : ids
  for (const [i, id] of entityIds.entries()) checkEntityId(id, typeof ids === "string" ? "entityId" : `entityIds[${i}]`)
  const computes = features.some(({ computedBy }) => computedBy === "reads")
  const rows = computes ? await compute(env, features, entityIds, input) : await read(env, features, entityIds)
  return typeof ids === "string" ? rows[0] : rows
}

function checkSameEntity(features: readonly Feature[]): void {
  const [first] = features
  if (first === undefined) throw new FabraError("invalid_argument", "Name at least one feature.", { path: "features" })
  const other = features.find((feature) => feature.entity !== first.entity)
  if (other === undefined) return
  throw new FabraError(
    "invalid_argument",
    `Features of one call belong to one entity: "${first.name}" is of ${first.entity.name}, "${other.name}" of ${other.entity.name}.`,
    { path: "features" },
  )
}

/** The usual way, for features that are all kept. */
async function read({ cache, clock }: ReadingEnvironment, features: readonly Feature[], entityIds: readonly string[]) {
  const entityType = (features[0] as Feature).entity.name
  const keys = entityIds.map((entityId) => ({ entityType, entityId }))
  const names = features.map(({ name }) => name)
  const stored = keys.length === 0 ? [] : await cache.read(keys, names)
  const now = clock.now()
  return entityIds.map((entityId, i) => serve(entityId, features, stored[i] ?? [], now))
}

async function compute(
  env: ReadingEnvironment,
  features: readonly Feature[],
  entityIds: readonly string[],
  input: ReadInput | undefined,
) {
  const reading = new Reading(env, input)
  const row = async (entityId: string) => {
    const values = await Promise.all(features.map((feature) => reading.value(feature, entityId)))
    return { entityId, features: Object.fromEntries(features.map(({ name }, i) => [name, values[i]])) }
  }
  return Promise.all(entityIds.map(row))
}
