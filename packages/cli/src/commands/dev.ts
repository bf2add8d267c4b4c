import { defineCommand } from "../command.js"
import { firstEvent, toCurl } from "../dev/first-event.js"
import { Screen } from "../dev/screen.js"
import { findFeatures, type LoadedFeatures, loadFeatures } from "../features/features-file.js"
import { show } from "../features/user-code.js"
import { openConnections } from "../project/connections.js"
import { embedderSettings } from "../project/documents.js"
import { count } from "../terminal/output.js"
import { fired, stopSignal } from "../terminal/shutdown.js"
import { embedded, embeddedSettings } from "../worker/settings.js"

/** `fabra dev`: everything in one process. */
export const devCommand = () =>
  defineCommand({
    name: "dev [file]",
    summary: "run everything in one process, with nothing to install",
    details:
      "The HTTP API, a worker, and the data in memory. Your features file is loaded anew when it\nchanges, and computes the events again that were published since the start.",
    settings: [
      "features",
      "port",
      "partitions",
      "dedupeWindow",
      "postgresUrl",
      ...embedderSettings,
      ...embeddedSettings,
    ],
    examples: [["fabra dev features.ts --port 8123", "then paste the curl it prints"]],
    async run({ settings, options }, file?: string) {
      const stop = stopSignal()
      const features = await loadFeatures(findFeatures(file ?? settings.features))
      const screen = new Screen(options.json)
      const { DevProcess } = await import("../dev/dev-process.js") // loads the server
      await using connections = await openConnections(settings, "inThisProcess")
      await using dev = new DevProcess(features, connections, embedded(settings), screen)
      await connections.feed.subscribe((notices) => screen.applied(notices), stop)
      await greet(screen, features, await dev.start(settings.port))
      await Promise.race([fired(stop), dev.failed])
    },
  })

async function greet(screen: Screen, { file, store }: LoadedFeatures, url: string): Promise<void> {
  const { features, entities } = store.registry
  const first = await firstEvent(store)
  const curl = first === undefined ? undefined : toCurl(first, url)
  const read = first && `curl ${url}/features/${first.entityType}/${first.entityId}`
  const what = `${count(features.size, "feature")} of ${count(entities.size, "entity", "entities")}`
  screen.show("ready", { url, docs: `${url}/docs`, file, publish: curl ?? null, read: read ?? null }, () =>
    [
      `${show(file)}: ${what}, all in this process; the data is gone when it ends.`,
      "",
      `  API   ${url}`,
      `  docs  ${url}/docs`,
      ...(curl === undefined || read === undefined
        ? []
        : ["", "Publish a first event, and read what it changed:", "", curl, "", read]),
      "",
    ].join("\n"),
  )
}
