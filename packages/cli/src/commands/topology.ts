import type { Feature, FeatureStore } from "@fabra/core"
import { sharedTriggers } from "@fabra/core/adapter"
import { defineCommand } from "../command.js"
import { changedBy } from "../features/changed-by.js"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import { print, say } from "../terminal/output.js"

/** `fabra topology`: what flows where. */
export const topologyCommand = () =>
  defineCommand<"features", { readonly mermaid: boolean }>({
    name: "topology [file]",
    summary: "show which events change which features of which entities",
    settings: ["features"],
    setUp: (command) => command.option("--mermaid", "as a Mermaid graph, for a README", false),
    examples: [
      ["fabra topology features.ts", "as a tree"],
      ["fabra topology --mermaid > topology.mmd", "as a graph"],
    ],
    async run({ settings, options }, file?: string) {
      const { store } = await loadFeatures(findFeatures(file ?? settings.features))
      print(options.json, toJson(store), () => (options.mermaid ? toMermaid(store) : toTree(store)))
      for (const { message } of sharedTriggers(store.registry)) say(`warning: ${message}`)
    },
  })

function toJson(store: FeatureStore) {
  return edges(store).map(({ event, feature }) => ({
    event,
    feature: feature.name,
    entity: feature.entity.name,
    ...(feature.keyed && { keyed: true }),
  }))
}

/** Every arrow from an event to a feature; a feature that no event changes has one from no event. */
function edges({ registry }: FeatureStore): { readonly event: string | null; readonly feature: Feature }[] {
  const features = [...registry.features.values()]
  const triggered = registry.eventTypes.flatMap((event) =>
    registry.changedBy(event).map((feature) => ({ event, feature })),
  )
  const others = features.filter(({ triggers }) => triggers.length === 0)
  return [...triggered, ...others.map((feature) => ({ event: null, feature }))]
}

function toTree(store: FeatureStore): string {
  const all = edges(store)
  const origin = ({ event, feature }: (typeof all)[number]) => event ?? changedBy(store.registry, feature)
  return [...new Set(all.map(origin))]
    .map((from) => {
      const features = all.filter((one) => origin(one) === from).map(({ feature }) => feature)
      const lines = features.map(
        ({ name, entity, keyed }, i) =>
          `${i === features.length - 1 ? "└─" : "├─"} ${entity.name}.${name}${keyed ? " (by key)" : ""}`,
      )
      return [from, ...lines].join("\n")
    })
    .join("\n")
}

function toMermaid(store: FeatureStore): string {
  const { registry } = store
  const [events, features] = [[...registry.eventTypes], [...registry.features.values()]]
  const entities = [...registry.entities.values()].map((entity) => [
    `  subgraph ${entity.name}`,
    ...features.flatMap((feature, i) => (feature.entity === entity ? [`    f${i}["${feature.name}"]`] : [])),
    "  end",
  ])
  const arrows = edges(store).flatMap(({ event, feature }) =>
    event === null
      ? []
      : [`  e${events.indexOf(event)} -->${feature.keyed ? "|key|" : ""} f${features.indexOf(feature)}`],
  )
  return ["graph LR", ...events.map((event, i) => `  e${i}(["${event}"])`), ...entities.flat(), ...arrows].join("\n")
}
