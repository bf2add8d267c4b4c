import type { FeatureStore } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { Command } from "commander"
import { defineCommand } from "../command.js"
import { countUnused, removeValues, type Walked } from "../feature/unused.js"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import { show } from "../features/user-code.js"
import { adapterSettings, onRedis } from "../project/adapters.js"
import { Closing } from "../project/closing.js"
import { openAdapters } from "../project/open-adapters.js"
import { wholeNumber } from "../settings/kinds.js"
import { count, print, say, table } from "../terminal/output.js"
import { stopSignal } from "../terminal/shutdown.js"

const settings = ["features", ...adapterSettings] as const

interface WalkFlags {
  readonly after?: string
  readonly limit: number
}

/** `fabra feature`: values of features that the code no longer has. */
export function featureCommand(): Command {
  return new Command("feature")
    .description("find the values of features that your file no longer defines, and remove them")
    .addCommand(unusedCommand())
    .addCommand(removeCommand())
}

const withWalk = (command: Command) =>
  command
    .option("--limit <n>", "look at about this many entities", wholeNumber(1, 1_000_000_000).read, 1_000_000)
    .option("--after <next>", "go on where an earlier call has ended")

const unusedCommand = () =>
  defineCommand<(typeof settings)[number], WalkFlags>({
    name: "unused <entity>",
    summary: "list the values of an entity type that belong to no feature of your file",
    details:
      "Every entity of the type is looked at, 250 with one call. The type need not be in your file any more. A worker with other\nfeatures may still need what this lists.",
    settings,
    setUp: withWalk,
    examples: [["fabra feature unused User", "with how many entities have each"]],
    async run({ settings, options: { after, limit, json } }, entity: string) {
      const signal = stopSignal()
      await using closing = new Closing()
      const { store } = await loadFeatures(findFeatures(settings.features))
      const { cache } = await openAdapters(onRedis(settings), closing)
      const walked = await countUnused(cache, knownOf(store, entity), { entityType: entity, after, limit, signal })
      const features = [...walked.entities].map(([name, entities]) => ({ name, entities }))
      const { scanned, next } = walked
      print(json, { entity, features, scanned, next }, () =>
        features.length === 0
          ? "None."
          : table(
              ["feature", "entities"],
              features.map(({ name, entities }) => [name, entities.toLocaleString("en")]),
            ),
      )
      if (!json) say(howFar(walked))
    },
  })

const removeCommand = () =>
  defineCommand<(typeof settings)[number], WalkFlags>({
    name: "remove <entity> <names...>",
    summary: "remove the values of features that your file no longer defines",
    details:
      "Start workers without the features first, or they bring values back. Ctrl-C ends it after the page at hand, and it tells\nhow to go on; to begin again does no harm.",
    settings,
    setUp: withWalk,
    examples: [["fabra feature remove User old_score older_score", "as `fabra feature unused User` has listed them"]],
    async run({ settings, options: { after, limit, json } }, entity: string, names: readonly string[]) {
      const signal = stopSignal()
      await using closing = new Closing()
      const { store, file } = await loadFeatures(findFeatures(settings.features))
      const known = knownOf(store, entity)
      const defined = names.find((name) => known.has(name))
      if (defined !== undefined) {
        const message = `Feature "${defined}" is defined in ${show(file)}: remove it there first, and start the workers anew.`
        throw new FabraError("invalid_argument", message, { path: "names" })
      }
      const { cache } = await openAdapters(onRedis(settings), closing)
      const walked = await removeValues(cache, names, { entityType: entity, after, limit, signal })
      const { removed, scanned, next } = walked
      const { FeatureOwners } = await import("@fabra/worker") // loads what computes
      const gone = names.filter((name) => !store.registry.features.has(name))
      if (next === null) await new FeatureOwners(cache).forget(gone)
      print(json, { entity, removed, scanned, next }, () => `${count(removed, "value")} removed.`)
      if (!json) say(howFar(walked))
    },
  })

/** Names under which the store keeps values of entities of this type. */
function knownOf({ registry }: FeatureStore, entity: string): ReadonlySet<string> {
  const known = [...registry.stored.values(), ...registry.features.values()]
  return new Set(known.flatMap((one) => (one.entity.name === entity ? [one.name] : [])))
}

function howFar({ scanned, next }: Walked): string {
  const looked = `${count(scanned, "entity", "entities")} looked at`
  return next === null ? `${looked}, all there are.` : `${looked}; go on with --after ${next}`
}
