import { entityIdsOf, type FeatureHandler, type Registry, targetsOf } from "@fabra/core/adapter"
import type { AxiomEvent } from "@fabra/events"
import { keyedReplay } from "./keyed-replay.js"
import type { Route } from "./route.js"

/** The part of what an event type triggers that does not depend on the event. */
interface Known {
  readonly routes: readonly Route[]
  /** Where one of the handlers has a `key`. */
  readonly keyed: KeyedHandlers | undefined
}

interface KeyedHandlers {
  readonly all: readonly FeatureHandler[]
  /** Handlers with the same `key`, if no type of entity has two of these groups: then none has to be merged. */
  readonly groups: readonly Group[] | undefined
}

interface Group {
  readonly entityType: string
  readonly handlers: readonly FeatureHandler[]
}

/** Finds what an event triggers: one route for each entity, since each has a record, hence a lane, of its own. */
export class Routes {
  readonly #registry: Registry
  readonly #group: string
  readonly #byType = new Map<string, Known>()

  constructor(registry: Registry, group: string) {
    this.#registry = registry
    this.#group = group
  }

  for(event: AxiomEvent): readonly Route[] {
    const { eventType, replay } = event
    const { routes, keyed } = this.#knownOf(eventType)
    if (replay !== undefined && replay.group !== this.#group) return []
    if (keyed !== undefined)
      return replay === undefined ? keyedRoutes(keyed, event) : keyedReplay(keyed.all, event, replay)
    if (replay === undefined) return routes
    const aimed = routes.flatMap(({ entityType, handlers }) => {
      const some = handlers.filter(({ feature }) => replay.features.includes(feature.name))
      return some.length === 0 ? [] : [{ entityType, entityId: replay.entityId, handlers: some }]
    })
    // Also where the code has no such feature any more: the entity's record still says that the event failed.
    const { entityType, entityId } = replay
    const isAway = entityType !== undefined && !aimed.some((route) => route.entityType === entityType)
    return isAway ? [...aimed, { entityType, entityId, handlers: [] }] : aimed
  }

  #knownOf(eventType: string): Known {
    let known = this.#byType.get(eventType)
    if (known === undefined) {
      const handlers = this.#registry.handlersFor(eventType)
      const isKeyed = handlers.some(({ key }) => key !== undefined)
      known = {
        routes: isKeyed ? [] : ownRoutes(handlers),
        keyed: isKeyed ? { all: handlers, groups: groupsOf(handlers) } : undefined,
      }
      // Types without handlers are not kept: there may be any number of them.
      if (handlers.length > 0) this.#byType.set(eventType, known)
    }
    return known
  }
}

function ownRoutes(handlers: readonly FeatureHandler[]): readonly Route[] {
  const byEntity = new Map<string, FeatureHandler[]>()
  for (const handler of handlers) {
    const { name } = handler.feature.entity
    byEntity.set(name, [...(byEntity.get(name) ?? []), handler])
  }
  return [...byEntity].map(([entityType, some]) => ({ entityType, handlers: some }))
}

function groupsOf(handlers: readonly FeatureHandler[]): readonly Group[] | undefined {
  const groups = new Map<string, Group & { readonly key: FeatureHandler["key"]; readonly handlers: FeatureHandler[] }>()
  for (const handler of handlers) {
    const entityType = handler.feature.entity.name
    const group = groups.get(entityType) ?? { entityType, key: handler.key, handlers: [] }
    if (group.key !== handler.key) return undefined
    group.handlers.push(handler)
    groups.set(entityType, group)
  }
  return [...groups.values()]
}

/** Routes by the keys of the handlers. */
function keyedRoutes({ all, groups }: KeyedHandlers, event: AxiomEvent): readonly Route[] {
  if (groups === undefined) return mergedRoutes(all, event)
  const routes: Route[] = []
  for (const { entityType, handlers } of groups) {
    try {
      for (const entityId of entityIdsOf(handlers[0] as FeatureHandler, event))
        routes.push({ entityType, entityId, handlers })
    } catch {
      return mergedRoutes(all, event)
    }
  }
  return routes
}

/** Each entity has one route, whichever keys name it. Handlers whose key failed are for the entity with the event's own id. */
function mergedRoutes(handlers: readonly FeatureHandler[], event: AxiomEvent): readonly Route[] {
  const { targets, failed } = targetsOf(handlers, event)
  const routes: Route[] = targets.map(({ key, handlers: some }) => ({ ...key, handlers: some }))
  if (failed.size === 0) return routes
  for (const { entityType, handlers: some } of ownRoutes([...failed.keys()])) {
    const at = routes.findIndex((route) => route.entityType === entityType && route.entityId === event.entityId)
    const own = routes[at] ?? { entityType, entityId: event.entityId, handlers: [] }
    const both = { ...own, handlers: [...own.handlers, ...some], failed }
    if (at === -1) routes.push(both)
    else routes[at] = both
  }
  return routes
}
