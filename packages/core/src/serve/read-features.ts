import { FabraError } from "@fabra/events"
import { checkEntityId } from "@fabra/events/adapter"
import type { ReadInput } from "../feature/computed-feature.js"
import type { Feature } from "../feature/feature.js"
import { StoredRow, storedNames } from "../state/stored-row.js"
import { currentTransaction } from "../transaction.js"
import { Reading, type ReadingEnvironment } from "./reading.js"
import { serve } from "./serve.js"

/**
 * Features of one entity, or of each of many, as they are served: with one call of the cache where all are kept. Those of a
 * handler's own entity come from its transaction.
 * @throws FabraError `invalid_argument` (ids; no feature, or features of different entities), what reading throws
 */
export function readFeatures(
  env: ReadingEnvironment,
  features: readonly Feature[],
  ids: string | readonly string[],
  input: ReadInput | undefined,
): Promise<unknown> {
  checkSameEntity(features)
  const entityIds = typeof ids === "string" ? [ids] : ids
  if (typeof ids === "string") checkEntityId(ids, "entityId")
  else for (const [i, id] of ids.entries()) checkEntityId(id, `entityIds[${i}]`)
  const computes = features.some(({ computedBy }) => computedBy === "reads") || currentTransaction() !== undefined
  const rows = computes ? compute(env, features, entityIds, input) : read(env, features, entityIds)
  return typeof ids === "string" ? rows.then((all) => all[0]) : rows
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

/** The usual way, for features that are all kept. Not `async`, as little on this way is: see decision 008. */
function read({ cache, clock }: ReadingEnvironment, features: readonly Feature[], entityIds: readonly string[]) {
  const entityType = (features[0] as Feature).entity.name
  const keys = entityIds.map((entityId) => ({ entityType, entityId }))
  const hasState = features.some(({ state }) => state !== undefined)
  const names = hasState ? storedNames(features) : features.map(({ name }) => name)
  const stored = keys.length === 0 ? Promise.resolve([]) : cache.read(keys, names)
  return stored.then((rows) => {
    const now = clock.now()
    if (!hasState) return entityIds.map((entityId, i) => serve(entityId, features, rows[i] ?? [], now))
    const places = new Map(names.map((name, i) => [name, i]))
    return entityIds.map((entityId, i) => {
      const row = new StoredRow((name) => rows[i]?.[places.get(name) ?? -1], now)
      return { entityId, features: Object.fromEntries(features.map((feature) => [feature.name, row.serve(feature)])) }
    })
  })
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
