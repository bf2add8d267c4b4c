import { expect, test } from "vitest"
import { faultsOf } from "./streams.js"

test("every aggregate over every window is what a direct computation gives, whatever the order of the events", () => {
  // 10,000 streams: npx tsx packages/aggregates/test/main.ts
  for (let seed = 1; seed <= 60; seed++) expect(faultsOf(seed)).toEqual([])
})
