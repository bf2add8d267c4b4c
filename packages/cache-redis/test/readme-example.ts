import { FeatureStore } from "@fabra/core"
import { RedisFeatureCache } from "../src/index.js"

const cache = new RedisFeatureCache({ url: process.env.FABRA_REDIS_URL })
const store = new FeatureStore({ cache })

const User = store.entity("User", { key: "user_id" })
const plan = store.feature("plan", { entity: User, trigger: "plan_changed", compute: (_, event) => event.payload.plan })

await store.setFeature(plan, "user_123", "gold")
console.log(await store.getFeature(plan, "user_123")) // gold
await cache.close()
