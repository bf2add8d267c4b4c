import { findFeatures, loadFeatures } from "../features-file.js"
import { count } from "../output.js"
import { warnUnknown } from "../settings/unknown.js"
import { show } from "../user-code.js"
import { type Check, fail, ok, warn } from "./check.js"

/** Node, the environment and the features file. */
export async function* localChecks(named: string | undefined): AsyncGenerator<Check> {
  yield nodeCheck(process.versions.node)
  const unknown = warnUnknown(process.env)
  if (unknown.length === 0) yield ok("settings", "every FABRA_* variable is known")
  for (const found of unknown) yield warn("settings", found, "correct its name, or unset it")
  yield await featuresCheck(named)
}

function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return ok("node", version)
  return fail("node", `${version} is too old`, "install Node 20.19 or newer")
}

async function featuresCheck(named: string | undefined): Promise<Check> {
  try {
    const { file, store } = await loadFeatures(findFeatures(named))
    const { features, entities, eventTypes } = store.registry
    const found = [count(features.size, "feature"), count(entities.size, "entity", "entities")].join(" of ")
    if (eventTypes.length > 0) return ok("features", `${show(file)}: ${found}, ${count(eventTypes.length, "event")}`)
    return warn("features", `${show(file)}: no event changes anything`, "give a feature a trigger and compute")
  } catch (error) {
    return fail("features", (error as Error).message, "name your features file: fabra doctor <file>")
  }
}
