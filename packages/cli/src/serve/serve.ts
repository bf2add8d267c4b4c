import { FabraError } from "@fabra/events"
import type { FabraServer } from "@fabra/server"
import type { LoadedFeatures } from "../features/features-file.js"
import { show } from "../features/user-code.js"
import type { AdapterSettings } from "../project/adapters.js"
import type { DocumentSettings } from "../project/documents.js"
import { openProject, type Part, type Project } from "../project/project.js"
import { tracedBus } from "../project/tracing.js"
import type { Settings } from "../settings/table.js"
import { fired } from "../terminal/shutdown.js"
import { openWorker } from "../worker/open-worker.js"
import { type EmbeddedSettings, embedded } from "../worker/settings.js"

type HttpSettings = Settings<"host" | "port" | "group" | "apiKeys">

/** The HTTP API, and on memory the worker it needs, until `stop`. */
export async function serve(
  features: LoadedFeatures,
  settings: AdapterSettings & DocumentSettings & EmbeddedSettings & HttpSettings,
  part: Part,
  stop: AbortSignal,
): Promise<void> {
  await using project = await openProject(features, settings, part)
  const { logger, file, where } = project
  project.defer(() => stop.aborted && logger.info({}, "stopped"))
  // Opened before the server, and so closed after it: what waits there for its event still hears of it.
  const worker = project.bus.capabilities.shared ? undefined : openWorker(project, embedded(settings))
  const server = await createHttpServer(project, settings)
  project.defer(() => server.close())
  const { url } = await server.listen()
  logger.info({ url, features: show(file), bus: where }, "serving")
  if (settings.apiKeys === undefined) logger.warn({}, "There are no API keys: any program on this machine may call.")
  if (worker === undefined) return await fired(stop)
  logger.warn({}, "All is kept in memory and gone when this ends; set FABRA_REDIS_URL to keep it.")
  await Promise.race([fired(stop), worker.run()])
}

async function createHttpServer(
  { store, bus, feed, logger, metrics }: Project,
  { host, port, group, apiKeys }: HttpSettings,
): Promise<FabraServer> {
  const { createServer } = await import("@fabra/server")
  try {
    return createServer(store, {
      bus: tracedBus(bus),
      feed,
      host,
      port,
      group,
      logger,
      metrics,
      apiKeys: apiKeys ?? [],
    })
  } catch (error) {
    if (apiKeys !== undefined || FabraError.from(error).path !== "host") throw error
    const mend = "make one with `fabra api-key` and set FABRA_API_KEYS, or leave FABRA_HOST out"
    const message = `Others could reach ${host}, and there are no API keys: ${mend}.`
    throw new FabraError("invalid_setting", message, { path: "FABRA_HOST", cause: error })
  }
}
