import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { FeatureStore } from "@fabra/core"
import { AxiomWorker } from "@fabra/worker"

// A worker process that tells its parent which entities it is about to compute.
const [url = "", namespace = ""] = process.argv.slice(2)
const bus = new RedisEventBus({ url, namespace, partitions: 2 })
const cache = new RedisFeatureCache({ url, namespace })
const store = new FeatureStore({ cache })
const User = store.entity("User", { key: "user_id" })
store.feature("seen", { entity: User, initial: false })
store.feature("stats", {
  entity: User,
  refresh: "7d",
  materialize: true,
  async computeMany(ids) {
    await new Promise((resolve) => process.send?.(ids, resolve))
    return new Map(ids.map((id) => [id, `of ${id}`]))
  },
})
await new AxiomWorker(store, { bus, leaseMs: 1500 }).run()
