import type { FeatureHandler, Registry } from "@fabra/core/adapter"
import type { AxiomEvent } from "@fabra/events"

/** The handlers an event runs for one type of entity. */
export interface Route {
  readonly entityType: string
  readonly handlers: readonly FeatureHandler[]
}

/** Finds what an event triggers: one route for each type of entity, since each has a record, hence a lane, of its own. */
export class Routes {
  readonly #registry: Registry
  readonly #group: string
  readonly #byType = new Map<string, readonly Route[]>()

  constructor(registry: Registry, group: string) {
    this.#registry = registry
    this.#group = group
  }

  for({ eventType, replay }: AxiomEvent): readonly Route[] {
    const routes = this.#routesOf(eventType)
    if (replay === undefined) return routes
    if (replay.group !== this.#group) return []
    const aimed = routes.flatMap(({ entityType, handlers }) => {
      const some = handlers.filter(({ feature }) => replay.features.includes(feature.name))
      return some.length === 0 ? [] : [{ entityType, handlers: some }]
    })
    // Also where the code has no such feature any more: the entity's record still says that the event failed.
    const { entityType } = replay
    const isAway = entityType !== undefined && !aimed.some((route) => route.entityType === entityType)
    return isAway ? [...aimed, { entityType, handlers: [] }] : aimed
  }

  #routesOf(eventType: string): readonly Route[] {
    let routes = this.#byType.get(eventType)
    if (routes === undefined) {
      const byEntity = new Map<string, FeatureHandler[]>()
      for (const handler of this.#registry.handlersFor(eventType)) {
        const { name } = handler.feature.entity
        byEntity.set(name, [...(byEntity.get(name) ?? []), handler])
      }
      routes = [...byEntity].map(([entityType, handlers]) => ({ entityType, handlers }))
      // Types without handlers are not kept: there may be any number of them.
      if (routes.length > 0) this.#byType.set(eventType, routes)
    }
    return routes
  }
}
