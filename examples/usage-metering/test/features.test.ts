import { createTestKit, type TestKit } from "@fabra/testing"
import { afterEach, beforeEach, expect, test } from "vitest"
import * as features from "../src/features.js"

let kit: TestKit
beforeEach(() => {
  kit = createTestKit(features.store, { now: "2026-01-01T21:30:00Z" }) // 22:30 in Berlin
})
afterEach(() => kit.close())

type Call = Parameters<typeof features.apiCall.create>[0]["payload"]
function call(payload: Partial<Call> = {}, entityId = "acc") {
  const usual = { endpoint: "/search", tokens: 10, ms: 50, ok: true, zone: "Europe/Berlin" }
  return kit.give(features.apiCall.create({ entityId, payload: { ...usual, ...payload } }))
}

test("tokens of the last hour", async () => {
  await call({ tokens: 10 })
  await kit.advance("30m")
  await call({ tokens: 5 })
  expect(await kit.read(features.tokens.sum["1h"], "acc")).toBe(15)
  await kit.advance("30m")
  expect(await kit.read(features.tokens.sum["1h"], "acc")).toBe(5)
})

test("tokens of today, where the customer is", async () => {
  await call()
  expect(await kit.read(features.tokens.sum.day, "acc")).toBe(10)
  await kit.advance("90m") // midnight in Berlin
  expect(await kit.read(features.tokens.sum.day, "acc")).toBe(0)
})

test("calls by endpoint of the last 24 hours", async () => {
  for (const endpoint of ["/a", "/b", "/b"]) await call({ endpoint })
  expect(await kit.read(features.endpoints.top["24h"], "acc")).toEqual([
    { value: "/b", count: 2 },
    { value: "/a", count: 1 },
  ])
})

test("different endpoints of the last 7 days", async () => {
  for (const endpoint of ["/a", "/b", "/b"]) await call({ endpoint })
  expect(await kit.read(features.endpoints.distinct["7d"], "acc")).toBe(2)
  await kit.advance("7d")
  expect(await kit.read(features.endpoints.distinct["7d"], "acc")).toBe(0)
})

test("the 95th percentile of latency, to 1 %", async () => {
  for (let ms = 1; ms <= 100; ms++) await call({ ms })
  const p95 = (await kit.read(features.latency.p95["1h"], "acc")) ?? 0
  expect(Math.abs(p95 - 95)).toBeLessThanOrEqual(0.95)
})

test("failed invoices in a row", async () => {
  for (const paid of [false, true, false, false]) {
    await kit.give(features.invoice.create({ entityId: "acc", payload: { paid } }))
  }
  expect(await kit.read(features.failedStreak, "acc")).toBe(2)
})

test("days since the last login", async () => {
  await kit.give(features.login.create({ entityId: "acc" }))
  await kit.advance("3d")
  expect(await kit.read(features.daysSinceLogin, "acc")).toBe(3)
})

test("an account is dormant after 7 days without a login", async () => {
  await kit.give(features.login.create({ entityId: "acc" }))
  expect(await kit.read(features.dormant, "acc")).toBe(false)
  await kit.advance("7d")
  expect(await kit.read(features.dormant, "acc")).toBe(true)
})

test("calls of an endpoint, by all accounts", async () => {
  for (const account of ["ann", "bob"]) await call({}, account)
  expect(await kit.read(features.endpointCalls.calls["1h"], "/search")).toBe(2)
})

test("the error rate of an endpoint", async () => {
  for (const ok of [true, true, true, false]) await call({ ok })
  expect(await kit.read(features.endpointCalls.error_rate["1h"], "/search")).toBe(0.25)
})
