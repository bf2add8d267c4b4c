import { FabraError } from "@fabra/events"
import type { FabraServer } from "@fabra/server"
import type { LoadedFeatures } from "../features/features-file.js"
import { show } from "../features/user-code.js"
import { type AdapterSettings, onRedis, tellDefaultRedis } from "../project/adapters.js"
import type { DocumentSettings } from "../project/documents.js"
import { openProject, type Part, type Project } from "../project/project.js"
import { tracedBus } from "../project/tracing.js"
import type { Settings } from "../settings/table.js"
import { fired } from "../terminal/shutdown.js"

type HttpSettings = Settings<"host" | "port" | "group" | "apiKeys">

/** The HTTP API, until `stop`. */
export async function serve(
  features: LoadedFeatures,
  given: AdapterSettings & DocumentSettings & HttpSettings,
  part: Part,
  stop: AbortSignal,
): Promise<void> {
  const settings = onRedis(given)
  await using project = await openProject(features, settings, part)
  const { logger, file, where } = project
  tellDefaultRedis(given, logger)
  project.defer(() => stop.aborted && logger.info({}, "stopped"))
  const server = await createHttpServer(project, settings)
  project.defer(() => server.close())
  const { url } = await server.listen()
  logger.info({ url, features: show(file), bus: where }, "serving")
  if (settings.apiKeys === undefined) logger.warn({}, "There are no API keys: any program on this machine may call.")
  await fired(stop)
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
