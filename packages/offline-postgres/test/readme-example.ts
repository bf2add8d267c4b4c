import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { PostgresOfflineStore } from "../src/index.js"

const offline = new PostgresOfflineStore({ url: process.env.FABRA_POSTGRES_URL })
const store = new FeatureStore({ cache: new MemoryFeatureCache(), offline })
const User = store.entity("User", { key: "user_id" })

const spentThisYear = store.feature("spent_this_year", {
  entity: User,
  compute: async (userId, { sql }) => {
    const [row] = await sql<{ spent: number }>`select sum(amount) as spent from purchases where user_id = ${userId}`
    return row?.spent
  },
})
console.log(await store.getFeature(spentThisYear, "user_123")) // 99.99
await offline.close()
