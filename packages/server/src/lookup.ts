import type { Entity, Feature } from "@fabra/core"
import { didYouMean, nearest } from "@fabra/events/adapter"
import { Problem, type ProblemCode } from "./answer/problem.js"
import type { ServerContext } from "./context.js"

/** @throws Problem `unknown_entity`, with the nearest known ones */
export function entityOf({ store: { registry } }: ServerContext, name: string): Entity {
  const found = registry.entities.get(name)
  if (found !== undefined) return found
  const known = [...registry.entities.keys()]
  throw unknownName("unknown_entity", `There is no entity "${name}".`, { name, known, path: "entity" })
}

/** The features of an entity that a request names; all when it names none. @throws Problem `unknown_feature` */
export function featuresOf(
  { store: { registry } }: ServerContext,
  entity: Entity,
  names?: readonly string[],
): readonly Feature[] {
  const all = registry.featuresOf(entity)
  if (names === undefined) return all
  return [...new Set(names)].map((name) => {
    const found = registry.features.get(name)
    if (found?.entity === entity) return found
    const known = all.map((feature) => feature.name)
    throw unknownName("unknown_feature", `${entity.name} has no feature "${name}".`, {
      name,
      known,
      path: "query.names",
    })
  })
}

/** The refusal of a name that is not known: with the nearest ones, else with all. */
export function unknownName(
  code: ProblemCode,
  message: string,
  { name, known, path }: { readonly name: string; readonly known: readonly string[]; readonly path: string },
): Problem {
  const near = nearest(name, known)
  const allowed = near.length === 0 ? known : near
  return new Problem(code, `${message}${didYouMean(name, known)}`, { path, allowed })
}
