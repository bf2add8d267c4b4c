// A worker with metrics in a process of its own, started by scrape.test.ts.

import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { silent } from "@fabra/test-support"
import { AxiomWorker } from "@fabra/worker"
import { createMetrics } from "../src/index.js"
import { shop } from "./shop.js"

const [url = "", namespace = ""] = process.argv.slice(2)
const { store } = shop()
const bus = new RedisEventBus({ url, namespace })
const cache = new RedisFeatureCache({ url, namespace })
const metrics = createMetrics({ bus, store })
const worker = new AxiomWorker(store, { bus, cache, logger: silent, retryBaseMs: 1, telemetry: metrics.telemetry })
const endpoint = await metrics.serve(0)
process.send?.(endpoint.url)
process.once("SIGTERM", () => worker.stop())
process.once("disconnect", () => worker.stop())
await worker.run()
await Promise.all([endpoint.close(), bus.close(), cache.close()])
if (process.connected) process.disconnect()
