// A worker in a process of its own, started by two-processes.test.ts.
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { FeatureStore } from "@fabra/core"
import { AxiomWorker } from "@fabra/worker"
import { traceEvents } from "../../src/index.js"
import { keepSpans } from "../spans.js"

const [url = "", namespace = ""] = process.argv.slice(2)
const spans = keepSpans()
const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })
store.feature("purchases", {
  entity: User,
  trigger: "purchase",
  initial: 0,
  compute: (_userId, _event, { current }) => current + 1,
})
const bus = new RedisEventBus({ url, namespace })
const cache = new RedisFeatureCache({ url, namespace })
const applied = { eventApplied: () => process.send?.("applied") }
const worker = new AxiomWorker(store, { bus, cache, telemetry: [traceEvents(), applied] })
process.once("message", async () => {
  await worker.stop()
  process.send?.(spans.ended())
  await Promise.all([bus.close(), cache.close()])
  process.disconnect()
})
await worker.run()
