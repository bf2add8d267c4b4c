import type { Metrics, MetricsEndpoint } from "@fabra/metrics"
import { DEFAULT_METRICS_PORT, type Settings } from "../settings/table.js"

const THIS_MACHINE = "127.0.0.1"

/**
 * Serves a worker's metrics where the settings say. Where they say nothing, nobody has asked for them: then for this machine
 * alone, on any free port if `preferred` is taken, as by another worker.
 * @throws FabraError `invalid_setting` when the address cannot be used
 */
export async function serveMetrics(
  page: Pick<Metrics, "serve">,
  { host, metricsPort }: Settings<"host" | "metricsPort">,
  preferred: number = DEFAULT_METRICS_PORT,
): Promise<MetricsEndpoint | undefined> {
  if (metricsPort === "off") return undefined
  if (metricsPort !== undefined) return await page.serve(metricsPort, host)
  try {
    return await page.serve(preferred, THIS_MACHINE)
  } catch {
    return await page.serve(0, THIS_MACHINE)
  }
}
