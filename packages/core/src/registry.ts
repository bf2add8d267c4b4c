import { type AxiomEvent, type EventDefinition, FabraError } from "@fabra/events"
import { checkName, didYouMean } from "@fabra/events/adapter"
import { newVectorIndex, type VectorIndex, type VectorIndexOptions } from "./documents/vector-index.js"
import type { ReadHandler } from "./feature/computed-feature.js"
import { type EventTargets, targetsOf } from "./feature/event-targets.js"
import type { Entity, Feature, FeatureHandler, Trigger } from "./feature/feature.js"
import {
  type AnyFeatureOptions,
  defineFeature,
  toReadHandler,
  toScheduledHandler,
} from "./feature/feature-definition.js"
import type { ScheduledHandler } from "./feature/scheduled-feature.js"
import { inDefinition } from "./in-definition.js"
import type { StateOptions, StoredField } from "./state/state.js"
import { definedState, stateHandler } from "./state/state-definition.js"

/** What a store knows by name: its entities, features and the events that trigger them. Checks them as they come. */
export class Registry {
  readonly entities = new Map<string, Entity>()
  readonly features = new Map<string, Feature>()
  readonly indexes = new Map<string, VectorIndex>()
  /** Definitions of the events that triggers name, where they were given as definitions. */
  readonly events = new Map<string, EventDefinition<string, any, any>>()
  /** Types of entities that events of other entities change, as the `key` of a feature says. */
  readonly keyedTypes = new Set<string>()
  /** What each feature was defined with, by its name. */
  readonly definitions = new Map<string, AnyFeatureOptions>()
  /** The options of states, by the name of the state. */
  readonly states = new Map<string, StateOptions<any>>()
  /** Everything that records keep, by its name: values of features, and fields of states. */
  readonly stored = new Map<string, StoredField>()
  /** What computes features when they are read, by the name of the feature. */
  readonly readHandlers = new Map<string, ReadHandler>()
  /** What computes features on schedule, by the name of the feature. */
  readonly scheduledHandlers = new Map<string, ScheduledHandler>()
  readonly #handlers = new Map<string, FeatureHandler[]>()
  readonly #ofEntity = new Map<Entity, Feature[]>()

  /** Every event name that some feature is triggered by. */
  get eventTypes(): readonly string[] {
    return [...this.#handlers.keys()]
  }

  /** The handlers an event of this name runs, in the order of their definition. */
  handlersFor(eventType: string): readonly FeatureHandler[] {
    return this.#handlers.get(eventType) ?? []
  }

  /** The features whose values an event of this name changes, in the order of their definition. */
  changedBy(eventType: string): readonly Feature[] {
    return this.featuresOfHandlers(this.handlersFor(eventType))
  }

  /** The entities that an event changes, and the handlers that it runs for each. */
  targetsOf(event: AxiomEvent): EventTargets {
    return targetsOf(this.handlersFor(event.eventType), event)
  }

  /** The features whose values handlers change, in the order of their definition. */
  featuresOfHandlers(handlers: readonly FeatureHandler[]): readonly Feature[] {
    return handlers.flatMap(({ feature }) =>
      feature.makes === undefined ? feature : feature.makes.map((name) => this.feature(name)),
    )
  }

  /** The entity of this name. @throws FabraError `unknown_entity`, naming the nearest known ones */
  entity(name: string): Entity {
    const found = this.entities.get(name)
    if (found) return found
    throw unknown("unknown_entity", "entity", name, this.entities.keys())
  }

  /** The feature of this name. @throws FabraError `unknown_feature`, naming the nearest known ones */
  feature(name: string): Feature {
    const found = this.features.get(name)
    if (found) return found
    throw unknown("unknown_feature", "feature", name, this.features.keys())
  }

  /** The features of an entity, in the order of their definition. */
  featuresOf(entity: Entity): readonly Feature[] {
    return this.#ofEntity.get(entity) ?? []
  }

  /** The index of this name. @throws FabraError `unknown_index`, naming the nearest known ones */
  index(name: string): VectorIndex {
    const found = this.indexes.get(name)
    if (found) return found
    throw unknown("unknown_index", "index", name, this.indexes.keys())
  }

  addIndex(name: string, options: VectorIndexOptions): VectorIndex {
    const index = newVectorIndex(name, options)
    if (this.indexes.has(name)) throw duplicate("index", name)
    this.indexes.set(name, index)
    return index
  }

  addEntity(name: string, key: string): Entity {
    checkName("entity", name)
    checkName("key", key)
    if (this.entities.has(name)) throw duplicate("entity", name)
    const entity: Entity = Object.freeze({ name, key })
    this.entities.set(name, entity)
    this.#ofEntity.set(entity, [])
    return entity
  }

  addFeature(name: string, options: AnyFeatureOptions): Feature {
    checkName("feature", name)
    if (this.features.has(name) || this.states.has(name)) throw duplicate("feature", name)
    const entity = this.#entityOf(name, options.entity)
    const triggers = options.trigger === undefined ? [] : this.#triggersOf(name, options.trigger)
    const names = triggers.map((one) => (typeof one === "string" ? one : one.name))
    const feature = inDefinition(`Feature "${name}"`, () => {
      const defined = defineFeature(name, entity, names, options)
      if (defined.computedBy === "reads") this.readHandlers.set(name, toReadHandler(defined, options))
      if (defined.computedBy === "schedule") this.scheduledHandlers.set(name, toScheduledHandler(defined, options))
      return defined
    })
    this.#keep(feature)
    this.stored.set(name, feature)
    this.definitions.set(name, options)
    this.#keepEvents(triggers)
    const { when, key, compute } = options
    if (compute !== undefined)
      for (const eventType of names) this.#addHandler(eventType, { feature, when, key, compute })
    return feature
  }

  /** Adds a state, and returns its features by name. @throws FabraError as {@link addFeature} */
  addState(name: string, options: StateOptions<any>): Record<string, Feature> {
    checkName("state", name)
    const taken = [name, ...Object.keys(options.features)].find((one) => this.features.has(one) || this.states.has(one))
    if (taken !== undefined) throw duplicate("feature", taken)
    const entity = this.#entityOf(name, options.entity)
    const triggers = options.trigger === undefined ? [] : this.#triggersOf(name, options.trigger)
    const names = triggers.map((one) => (typeof one === "string" ? one : one.name))
    const { carrier, features, fields } = inDefinition(`State "${name}"`, () =>
      definedState(name, entity, names, options),
    )
    this.states.set(name, options)
    for (const feature of features) this.#keep(feature)
    for (const field of fields) this.stored.set(field.name, field)
    this.#keepEvents(triggers)
    for (const eventType of names) this.#addHandler(eventType, stateHandler(carrier, options))
    return Object.fromEntries(features.map((feature) => [feature.name, feature]))
  }

  #keep(feature: Feature): void {
    this.features.set(feature.name, feature)
    this.#ofEntity.get(feature.entity)?.push(feature)
  }

  #keepEvents(triggers: readonly Trigger[]): void {
    for (const one of triggers) if (typeof one !== "string") this.events.set(one.name, one)
  }

  #addHandler(eventType: string, handler: FeatureHandler): void {
    if (handler.key !== undefined) this.keyedTypes.add(handler.feature.entity.name)
    const handlers = this.#handlers.get(eventType)
    if (handlers) handlers.push(handler)
    else this.#handlers.set(eventType, [handler])
  }

  #entityOf(feature: string, entity: Entity | string): Entity {
    const name = typeof entity === "string" ? entity : entity?.name
    const found = this.entities.get(name)
    if (found !== undefined && (typeof entity === "string" || entity === found)) return found
    if (found !== undefined) {
      throw new FabraError("unknown_entity", `Feature "${feature}": entity "${name}" was made by another store.`, {
        path: "entity",
      })
    }
    throw unknown("unknown_entity", `Feature "${feature}": entity`, String(name), this.entities.keys())
  }

  #triggersOf(feature: string, trigger: Trigger | readonly Trigger[]): readonly Trigger[] {
    const triggers = Array.isArray(trigger) ? (trigger as readonly Trigger[]) : [trigger as Trigger]
    const fault = (message: string) =>
      new FabraError("invalid_argument", `Feature "${feature}": ${message}`, { path: "trigger" })
    if (triggers.length === 0) throw fault("trigger is an empty list, so nothing would ever change it.")
    const seen = new Set<string>()
    for (const one of triggers) {
      const name = typeof one === "string" ? one : one?.name
      try {
        checkName("event", name)
      } catch (error) {
        throw fault(`nobody can send its trigger. ${FabraError.from(error).message}`)
      }
      if (seen.has(name)) throw fault(`trigger names "${name}" twice.`)
      seen.add(name)
      const known = this.events.get(name)
      if (typeof one !== "string" && known !== undefined && known !== one && known.schema !== one.schema) {
        throw fault(`event "${name}" was defined twice with different schemas; define it once and share it.`)
      }
    }
    return triggers
  }
}

function duplicate(kind: string, name: string): FabraError {
  return new FabraError("duplicate_name", `The store already has ${kind === "feature" ? "a" : "an"} ${kind} "${name}".`)
}

function unknown(
  code: "unknown_entity" | "unknown_feature" | "unknown_index",
  what: string,
  name: string,
  known: Iterable<string>,
): FabraError {
  const names = [...known]
  const message = `${what} "${name}" is not known to this store.${didYouMean(name, names)}`
  return new FabraError(code, message, { allowed: names })
}
