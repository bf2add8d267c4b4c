import type { DeadLetterSummary } from "@fabra/client"
import { expect, test } from "vitest"
import { toTable } from "./dead-letters.js"

const letter = (n: number): DeadLetterSummary => ({
  id: `01795550511661-000000000${n}`,
  reason: "handler_failed",
  eventId: "evt_1",
  eventType: "purchase_made_in_a_shop",
  entityType: "User",
  entityId: "user_123456789",
  features: ["total_purchases", "last_purchase_amount"],
  error: { name: "Error", message: `the api said no ${n}, for a reason that takes many words to tell\nsecond line` },
  attempts: 4,
  firstFailedAt: 0,
  lastFailedAt: Date.now(),
  group: "fabra_workers",
  partition: 0,
  position: "1",
})

test("dead letters fit the terminal: each id whole, each error on a line of its own", () => {
  const lines = toTable([letter(1), letter(2)], 80).split("\n")
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
  expect(lines[0]).toMatch(/^id +event +entity +failed +reason +tries +ago +group$/)
  expect(lines[1]).toMatch(/^01795550511661-0000000001 {2}purch\S*… .* 4 +\d+ ms +fabra\S*…$/)
  expect(lines[2]).toBe("  the api said no 1, for a reason that takes many words to tell")
  expect(lines).toHaveLength(5)
})

test("where there is room, a dead letter is one line", () => {
  expect(toTable([letter(1)], Number.POSITIVE_INFINITY).split("\n")).toEqual([
    expect.stringMatching(/^id +event .* group +error$/),
    expect.stringMatching(
      /^01795550511661-0000000001 {2}purchase_made_in_a_shop .* fabra_workers {2}the api said no 1, .* tell$/,
    ),
  ])
})
