import { afterAll, expect, test } from "vitest"
import { compare } from "../src/compare.js"
import { startEmbedded } from "../src/embedded.js"
import { netSpend, store, totalSpend } from "../src/features.js"
import { runThrough } from "../src/run.js"
import { readTruth } from "../src/truth.js"

const LINES = 5_000
const engine = startEmbedded("fabra_workers")
afterAll(() => engine.stop())

test("the features of 5,000 lines are what the file says", { timeout: 60_000 }, async () => {
  const truth = await readTruth(LINES)
  const run = await runThrough(engine, truth, { limit: LINES, crash: false, say: () => {} })
  expect(run.comparison.checks.flatMap(({ wrong }) => wrong)).toEqual([])
  expect(run.matches).toBe(true)
  expect(run.published.accepted).toBe(truth.events)
  expect([...run.published.rejected]).toEqual([["no CustomerID", LINES - truth.events]])
  expect(await store.getFeature(totalSpend, "17850")).toBe(BigInt(truth.customers.get("17850")?.spend ?? 0))
})

test("publishing the lines again changes nothing", { timeout: 60_000 }, async () => {
  const truth = await readTruth(LINES)
  const run = await runThrough(engine, truth, { limit: LINES, crash: false, say: () => {} })
  expect(run.published.duplicates).toBe(truth.events)
  expect(run.matches).toBe(true)
})

test("a tenth of a penny too much is noticed", async () => {
  const truth = await readTruth(LINES)
  await store.setFeature(netSpend, "17850", (await store.getFeature(netSpend, "17850")) + 1n)
  const { checks, matches } = await compare(truth)
  expect(matches).toBe(false)
  expect(checks.filter(({ wrong }) => wrong.length > 0)).toMatchObject([{ feature: "net_spend", wrong: ["17850"] }])
})
