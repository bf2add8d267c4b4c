import { FabraError } from "@fabra/events"
import { checkName, show } from "@fabra/events/adapter"
import type { Entity, Feature, FeatureHandler } from "../feature/feature.js"
import { defineFeature } from "../feature/feature-definition.js"
import { encodeValue } from "../feature/values.js"
import type { Transaction } from "../transaction.js"
import { fieldName, type StateOptions, type StateWriter, type StoredField } from "./state.js"

/** The parts of a defined state: a feature that stands for its handler, those that are read, and the fields that are stored. */
export interface DefinedState {
  readonly carrier: Feature
  readonly features: readonly Feature[]
  readonly fields: readonly StoredField[]
}

/** Checks the options of a state. @throws FabraError `invalid_argument`, `invalid_value`, `invalid_name` */
export function definedState(
  name: string,
  entity: Entity,
  triggers: readonly string[],
  options: StateOptions<any>,
): DefinedState {
  const { fields, features, keepMs, maxRetries, update, when, key } = options
  if (typeof update !== "function") throw fault("update", `update is ${show(update)}: it must be a function.`)
  const made = Object.keys(features)
  const common = { entity, trigger: "unused", compute: update, when, key, maxRetries }
  const defined = defineFeature(name, entity, triggers, common)
  const carrier = { ...defined, computedBy: triggers.length === 0 ? "nothing" : "events" } as const
  return {
    carrier: Object.freeze({ ...carrier, makes: made }),
    features: Object.entries(features).map(([one, { fields: own, finish, about, default: fallback }]) => {
      checkName("feature", one)
      const unknown = own.find((field) => !fields.includes(field))
      if (unknown !== undefined) throw fault(`features.${one}.fields`, `there is no field ${show(unknown)}.`)
      if (fallback !== undefined) encodeValue(fallback, `features.${one}.default`)
      const stored = own.map((field) => fieldName(name, field))
      return Object.freeze({ ...carrier, name: one, default: fallback, state: { name, stored, finish, about } })
    }),
    fields: fields.map((field) => ({ name: fieldName(name, field), entity, ttlMs: keepMs, state: { name } })),
  }
}

/** Returns the handler that applies events to a state. */
export function stateHandler(carrier: Feature, { when, key, update }: StateOptions<any>): FeatureHandler {
  return {
    feature: carrier,
    when,
    key,
    compute: (_entityId, event, context) => {
      // A worker's context is the handler's transaction, too.
      const transaction = context as unknown as Transaction
      if (!update(new Writer(carrier.name, transaction), event)) transaction.tooLate()
    },
  }
}

class Writer implements StateWriter {
  readonly #state: string
  readonly #transaction: Transaction

  constructor(state: string, transaction: Transaction) {
    this.#state = state
    this.#transaction = transaction
  }

  get(field: string): string | undefined {
    return this.#transaction.stored(fieldName(this.#state, field))?.text
  }

  set(field: string, text: string): void {
    this.#transaction.store(fieldName(this.#state, field), text)
  }
}

function fault(path: string, message: string): FabraError {
  return new FabraError("invalid_argument", message, { path })
}
