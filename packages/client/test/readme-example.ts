import { createClient } from "../src/index.js"
import type * as features from "./features.js"

const fabra = createClient<typeof features>({
  url: process.env.FABRA_SERVER_URL ?? "http://localhost:8000",
  apiKey: process.env.FABRA_API_KEY,
})

await fabra.ingest("purchase", { entityId: "user_123", payload: { amount: 99.99 } }, { wait: "applied" })

const { total_purchases } = await fabra.getFeatures(["total_purchases"], { user_id: "user_123" })
console.log(total_purchases.value, total_purchases.status) // 1 PRESENT
