import type { EventDefinition } from "@fabra/events"
import { checkName, FabraError, nearest, show } from "@fabra/events"
import type { Entity, Feature, FeatureHandler, FeatureOptions, Trigger } from "./feature.js"
import { encodeValue } from "./values.js"
import { newVectorIndex, type VectorIndex, type VectorIndexOptions } from "./vector-index.js"

const DEFAULT_MAX_RETRIES = 3
const DEFAULT_TIMEOUT_MS = 30_000
const MAX_TIMEOUT_MS = 2 ** 31 - 1 // what a timer can hold

/** What a store knows by name: its entities, features and the events that trigger them. Checks them as they come. */
export class Registry {
  readonly entities = new Map<string, Entity>()
  readonly features = new Map<string, Feature>()
  readonly indexes = new Map<string, VectorIndex>()
  /** Definitions of the events that triggers name, where they were given as definitions. */
  readonly events = new Map<string, EventDefinition<string, any, any>>()
  readonly #handlers = new Map<string, FeatureHandler[]>()

  /** Every event name that some feature is triggered by. */
  get eventTypes(): readonly string[] {
    return [...this.#handlers.keys()]
  }

  /** The handlers an event of this name runs, in the order of their definition. */
  handlersFor(eventType: string): readonly FeatureHandler[] {
    return this.#handlers.get(eventType) ?? []
  }

  /** The feature of this name. @throws FabraError `unknown_feature`, naming the nearest known ones */
  feature(name: string): Feature {
    const found = this.features.get(name)
    if (found) return found
    throw unknown("unknown_feature", "feature", name, this.features.keys())
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
    return entity
  }

  addFeature(
    name: string,
    options: Partial<FeatureOptions<any, any, any>> & Pick<FeatureOptions<any, any, any>, "entity">,
  ): Feature {
    checkName("feature", name)
    if (this.features.has(name)) throw duplicate("feature", name)
    const {
      trigger,
      compute,
      when,
      initial,
      maxRetries = DEFAULT_MAX_RETRIES,
      timeoutMs = DEFAULT_TIMEOUT_MS,
    } = options
    const fault = (path: string, message: string) =>
      new FabraError("invalid_argument", `Feature "${name}": ${message}`, { path })
    const entity = this.#entityOf(name, options.entity)
    if ((trigger === undefined) !== (compute === undefined)) {
      throw fault(
        trigger === undefined ? "trigger" : "compute",
        "trigger and compute go together; give both or neither.",
      )
    }
    if (compute !== undefined && typeof compute !== "function") {
      throw fault("compute", `compute is ${show(compute)}: it must be a function.`)
    }
    if (!Number.isInteger(maxRetries) || maxRetries < 0 || maxRetries > 100) {
      throw fault("maxRetries", `maxRetries is ${show(maxRetries)}: it must be a whole number from 0 to 100.`)
    }
    if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
      throw fault("timeoutMs", `timeoutMs is ${show(timeoutMs)}: it must be above 0 and at most ${MAX_TIMEOUT_MS}.`)
    }
    if (initial !== undefined) encodeValue(initial, `initial of feature "${name}"`)
    const triggers = trigger === undefined ? [] : this.#triggersOf(name, trigger)
    const names = triggers.map((one) => (typeof one === "string" ? one : one.name))
    const feature: Feature = Object.freeze({ name, entity, triggers: names, maxRetries, timeoutMs, initial })
    this.features.set(name, feature)
    for (const one of triggers) if (typeof one !== "string") this.events.set(one.name, one)
    if (compute !== undefined) for (const eventType of names) this.#addHandler(eventType, { feature, when, compute })
    return feature
  }

  #addHandler(eventType: string, handler: FeatureHandler): void {
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
  const near = nearest(name, names)
  const hint = near.length > 0 ? ` Did you mean ${near.map((one) => `"${one}"`).join(" or ")}?` : ""
  return new FabraError(code, `${what} "${name}" is not known to this store.${hint}`, { allowed: names })
}
