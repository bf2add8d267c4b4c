// One worker in a process of its own, started by worker-processes.ts. In an application this is all that a worker is.
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { AxiomWorker, settingsFromEnv } from "@fabra/worker"
import { store } from "./features.js"

const [url = "", namespace = ""] = process.argv.slice(2)
const bus = new RedisEventBus({ url, namespace })
const cache = new RedisFeatureCache({ url, namespace })
const worker = new AxiomWorker(store, { bus, cache, batchSize: 500, ...settingsFromEnv(process.env) })

process.on("SIGINT", () => {}) // Ctrl-C reaches every process of the terminal; who started us says when to stop
process.once("SIGTERM", () => worker.stop())
process.once("disconnect", () => worker.stop()) // who started us is gone

await worker.run()
await Promise.all([bus.close(), cache.close()])
if (process.connected) process.disconnect()
