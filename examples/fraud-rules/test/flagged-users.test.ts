import { expect, test } from "vitest"
import { flaggedUsers } from "../src/flagged-users.js"

test("who breaks a rule is flagged, with it, and nobody else", async () => {
  expect(await flaggedUsers()).toEqual({
    events: 450,
    users: 40,
    flagged: [
      { user: "fay_burst", large: 0, codes: 0, from: "DE", burst: 7, broken: "bursts of payments" },
      { user: "gil_guess", large: 0, codes: 3, from: "DE", burst: 1, broken: "guesses card codes" },
      { user: "ida_everywhere", large: 0, codes: 0, from: "DE BR JP", burst: 1, broken: "several countries" },
      { user: "max_large", large: 3, codes: 0, from: "DE FR", burst: 1, broken: "many large purchases" },
    ],
  })
})
