import { createTestKit } from "@fabra/testing"
import { expect, test } from "vitest"
import { purchase, refund, store, totalSpend } from "../src/features.js"

test("a refund is taken off what was spent", async () => {
  const kit = createTestKit(store)
  await kit.give(
    purchase.create({ entityId: "user_123", payload: { amount: 100, product_id: "prod_456" } }),
    refund.create({ entityId: "user_123", payload: { amount: 30 } }),
  )
  expect(await kit.read(totalSpend, "user_123")).toBe(70)
  await kit.close()
})
