import type { Feature, FeatureStore } from "@fabra/core"
import { defineCommand } from "../command.js"
import { changedBy } from "../features/changed-by.js"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import { brief, print, table } from "../terminal/output.js"

/** `fabra features`: what the features file defines. */
export const featuresCommand = () =>
  defineCommand({
    name: "features [file]",
    summary: "list what your features file defines",
    settings: ["features"],
    examples: [["fabra features features.ts", "every feature, its entity and what changes it"]],
    async run({ settings, options }, file?: string) {
      const { store } = await loadFeatures(findFeatures(file ?? settings.features))
      print(options.json, toJson(store), () =>
        table(
          ["feature", "entity", "changed by", "is", "default", "retries"],
          [...store.registry.features.values()].map((feature) => [
            feature.name,
            feature.entity.name,
            feature.triggers.join(", ") || changedBy(store.registry, feature),
            feature.state?.about ?? "",
            brief(feature.default),
            ["events", "schedule"].includes(feature.computedBy) ? String(feature.maxRetries) : "",
          ]),
        ),
      )
    },
  })

function toJson({ registry }: FeatureStore) {
  return {
    entities: [...registry.entities.values()].map(({ name, key }) => ({ name, key })),
    features: [...registry.features.values()].map(featureToJson),
    events: registry.eventTypes.map((event_type) => ({
      event_type,
      features: registry.changedBy(event_type).map(({ name }) => name),
    })),
  }
}

function featureToJson({ name, entity, triggers, initial, maxRetries, timeoutMs, state }: Feature) {
  const rest = { initial: initial === undefined ? null : initial, max_retries: maxRetries, timeout_ms: timeoutMs }
  return { name, entity: entity.name, triggers, ...rest, ...(state && { about: state.about }) }
}
