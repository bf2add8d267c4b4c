// One worker in a process of its own, started by worker-processes.ts. In an application this is all that a worker is.
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { createMetrics } from "@fabra/metrics"
import { AxiomWorker, settingsFromEnv } from "@fabra/worker"
import { store } from "./features.js"

const [url = "", namespace = "", metricsPort] = process.argv.slice(2)
const bus = new RedisEventBus({ url, namespace })
const cache = new RedisFeatureCache({ url, namespace })
const settings = settingsFromEnv(process.env)
const metrics = createMetrics({ bus, store, ...settings })
const worker = new AxiomWorker(store, { bus, cache, batchSize: 500, ...settings, telemetry: metrics.telemetry })
const endpoint = metricsPort === undefined ? undefined : await metrics.serve(Number(metricsPort))

process.on("SIGINT", () => {}) // Ctrl-C reaches every process of the terminal; who started us says when to stop
process.once("SIGTERM", () => worker.stop())
process.once("disconnect", () => worker.stop()) // who started us is gone

await worker.run()
await Promise.all([bus.close(), cache.close(), endpoint?.close()])
if (process.connected) process.disconnect()
