import { createTestKit } from "@fabra/testing"
import { expect, test } from "vitest"
import { lastPurchaseAmount, purchase, store, totalPurchases } from "../src/features.js"

test("every purchase counts, the last one is remembered", async () => {
  const kit = createTestKit(store)
  await kit.give(
    purchase.create({ entityId: "user_123", payload: { amount: 99.99, product_id: "prod_456" } }),
    purchase.create({ entityId: "user_123", payload: { amount: 5.5, product_id: "prod_789" } }),
  )
  expect(await kit.read(totalPurchases, "user_123")).toBe(2)
  expect(await kit.read(lastPurchaseAmount, "user_123")).toBe(5.5)
  await kit.close()
})
