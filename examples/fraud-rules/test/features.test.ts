import { createTestKit, type TestKit } from "@fabra/testing"
import { afterEach, beforeEach, expect, test } from "vitest"
import {
  amountRatio,
  attempts,
  brokenRules,
  fraud,
  newCountry,
  payment,
  store,
  taken,
  terminalRisk,
} from "../src/features.js"

let kit: TestKit
beforeEach(() => {
  kit = createTestKit(store)
})
afterEach(() => kit.close())

function pay(amount: number, { country = "DE", terminal = "kiosk", card = "eve" } = {}) {
  return kit.give(payment.create({ entityId: card, payload: { amount, country, terminal } }))
}

test("ten minutes later is no burst", async () => {
  for (let i = 0; i < 6; i++) await pay(1)
  expect(await kit.read(brokenRules, "eve")).toEqual(["bursts of payments"])
  await kit.advance("10m")
  expect(await kit.read(attempts.count["10m"], "eve")).toBe(0)
  expect(await kit.read(brokenRules, "eve")).toEqual([])
})

test("a country is new, for 90 days, and the first one never", async () => {
  await pay(1)
  expect(await kit.read(newCountry, "eve")).toBe(false)
  await pay(1, { country: "BR" })
  expect(await kit.read(newCountry, "eve")).toBe(true)
  await pay(1, { country: "BR" })
  expect(await kit.read(newCountry, "eve")).toBe(false)
  await kit.advance("91d")
  await pay(1)
  await pay(1, { country: "BR" })
  expect(await kit.read(newCountry, "eve")).toBe(true)
})

test("an amount is compared with the mean of 30 days, itself included", async () => {
  for (let i = 0; i < 9; i++) await pay(10)
  await pay(110)
  expect(await kit.read(amountRatio, "eve")).toBe(5.5)
})

test("a terminal counts the payments of all cards; of its frauds those that are a week old", async () => {
  for (const card of ["ann", "bob", "cem", "dan"]) await pay(10, { card, terminal: "pump" })
  await kit.give(fraud.create({ entityId: "ann", payload: { terminal: "pump" } }))
  expect(await kit.read(taken.sum["1d"], "pump")).toBe(40)
  expect(await kit.read(terminalRisk, "pump")).toBe(0)
  await kit.advance("7d")
  expect(await kit.read(terminalRisk, "pump")).toBe(0.25)
})
