import type { FeatureStore } from "@fabra/core"
import { sharedTriggers } from "@fabra/core/adapter"
import { findFeatures, type LoadedFeatures, loadFeatures } from "../features/features-file.js"
import { show } from "../features/user-code.js"
import { warnUnknown } from "../settings/unknown.js"
import { count } from "../terminal/output.js"
import { type Check, fail, ok, warn } from "./check.js"

/** Node, the environment and the features file; returns the store of that, if it can be loaded. */
export async function* localChecks(named: string | undefined): AsyncGenerator<Check, FeatureStore | undefined> {
  yield nodeCheck(process.versions.node)
  const unknown = warnUnknown(process.env)
  if (unknown.length === 0) yield ok("settings", "every FABRA_* variable is known")
  for (const found of unknown) yield warn("settings", found, "correct its name, or unset it")
  try {
    const features = await loadFeatures(findFeatures(named))
    yield featuresCheck(features)
    for (const { message } of sharedTriggers(features.store.registry)) {
      yield warn("features", message, "see what changes what: fabra topology")
    }
    return features.store
  } catch (error) {
    yield fail("features", (error as Error).message, "name your features file: fabra doctor <file>")
    return undefined
  }
}

function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return ok("node", version)
  return fail("node", `${version} is too old`, "install Node 20.19 or newer")
}

function featuresCheck({ file, store }: LoadedFeatures): Check {
  const { features, entities, eventTypes } = store.registry
  const found = [count(features.size, "feature"), count(entities.size, "entity", "entities")].join(" of ")
  if (eventTypes.length > 0) return ok("features", `${show(file)}: ${found}, ${count(eventTypes.length, "event")}`)
  return warn("features", `${show(file)}: no event changes anything`, "give a feature a trigger and compute")
}
