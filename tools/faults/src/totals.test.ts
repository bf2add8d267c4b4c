import { expect, test } from "vitest"
import { report, trialLine } from "./report.js"
import { Totals } from "./totals.js"
import type { Trial } from "./trial.js"

const well: Trial = {
  fault: "kill",
  seed: 1,
  done: "3 killed",
  events: 1_000,
  violations: [],
  seconds: 9,
  takeOversMs: [300, 100, 200],
  longestStallMs: 41.6,
}
const ill: Trial = {
  fault: "cut",
  seed: 7,
  done: "cut 5 times",
  events: 10,
  seconds: 9,
  takeOversMs: [],
  longestStallMs: undefined,
  violations: [{ kind: "lost", what: "a in applied of e" }],
}

function totalsOf(...trials: Trial[]): Totals {
  const totals = new Totals()
  for (const trial of trials) totals.add(trial)
  return totals
}

test("a session without a violation has its bound", () => {
  const text = report(totalsOf(well, well, well, { ...well, fault: "cut" }), ["kill", "cut"])
  expect(text).toMatch(/\| kill +\| +3 \| +3,000 \|( +0 \|){6} +200 ms \| 300 ms \| 300 ms \| +42 ms \|/)
  expect(text).toContain("none broke a promise; at 95 % confidence, fewer than 3/4 = 75.0 % of such trials do.")
})

test("a violation comes with the command that runs its trial alone", () => {
  const totals = totalsOf(well, ill)
  expect(report(totals, ["kill", "cut"])).toContain("npm run faults -- --fault cut --seed 7")
  expect(trialLine(ill)).toContain("lost: a in applied of e")
  expect(JSON.parse(JSON.stringify(totals))).toEqual({
    trials: 2,
    events: 1_010,
    lost: 1,
    duplicated: 0,
    reordered: 0,
    half_visible: 0,
    stuck: 0,
    error: 0,
    take_over_ms: { p50: 200, p99: 300, max: 300 },
    longest_stall_ms: 42,
    failing: [{ fault: "cut", seed: 7 }],
  })
})
