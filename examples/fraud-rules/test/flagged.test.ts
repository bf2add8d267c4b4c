import { expect, test } from "vitest"
import { flagged } from "../src/flagged.js"

test("who breaks a rule is flagged, with it, and nobody else; the terminal where cards are copied stands out", async () => {
  const { cards, terminals } = await flagged()
  expect(cards.map(({ card, broken }) => [card, broken])).toEqual([
    ["fay_burst", "bursts of payments"],
    ["gil_guess", "guesses card codes"],
    ["ida_abroad", "new country"],
    ["max_large", "unusual amount"],
  ])
  expect(terminals.map(({ terminal, risk }) => [terminal, risk > 0.1])).toEqual([
    ["kiosk", false],
    ["market", false],
    ["pump", true],
  ])
})
