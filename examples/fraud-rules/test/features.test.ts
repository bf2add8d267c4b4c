import { createTestKit } from "@fabra/testing"
import { expect, test } from "vitest"
import { brokenRules, largePurchases, largestBurst, purchase, store } from "../src/features.js"

test("999.99 is not large, ten minutes later is no burst", async () => {
  const kit = createTestKit(store)
  const buy = (amount: number, time: string) =>
    purchase.create({ entityId: "eve", payload: { amount, country: "DE" }, timestamp: new Date(`2026-01-31T${time}Z`) })
  await kit.give(buy(999.99, "12:00:00"), buy(1000, "12:09:59"), buy(5, "12:10:00"))
  expect(await kit.read(largePurchases, "eve")).toBe(1)
  expect(await kit.read(largestBurst, "eve")).toBe(2)
  expect(await kit.read(brokenRules, "eve")).toEqual([])
  await kit.close()
})
