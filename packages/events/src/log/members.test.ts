import { expect, test } from "vitest"
import { keepMembers, type Member } from "./members.js"

const LEASE = 1_000

/** A group whose members ask in turn; tells after each round who has a share. */
function group() {
  let members: readonly Member[] = []
  return (now: number, consumer: string, { life = consumer, leaving = false } = {}) => {
    const request = { group: "g", consumer, life, leaseMs: LEASE, held: [], wanted: [], released: [], leaving }
    const round = keepMembers(members, request, now)
    members = round.members
    return round.isSuperseded ? "superseded" : [...round.sharing].sort().join(" ")
  }
}

test("those that start together have a share at once; who comes later when it has lived for half a lease", () => {
  const round = group()
  expect(round(0, "a")).toBe("a")
  expect(round(10, "b")).toBe("a b")
  for (const now of [200, 400, 600]) expect(round(now, "a") && round(now, "b")).toBe("a b")
  expect(round(700, "c")).toBe("a b")
  for (const now of [800, 1_000, 1_199]) expect(round(now, "a") && round(now, "b") && round(now, "c")).toBe("a b")
  expect(round(1_200, "c")).toBe("a b c")
  expect(round(1_201, "a")).toBe("a b c")
})

test("a member that dies over and over never has a share beside one that lives", () => {
  const round = group()
  for (const now of [0, 200, 400]) round(now, "a")
  for (let now = 600; now < 5_000; now += 100) {
    round(now - 1, "a")
    expect(round(now, `loop-${Math.floor(now / 400)}`)).toBe("a")
    expect(round(now + 1, "a")).toBe("a")
  }
})

test("a silent member loses its share after a quarter of a lease, and has it back when it speaks", () => {
  const round = group()
  for (const now of [0, 200, 400, 600]) {
    round(now, "a")
    round(now, "b")
  }
  expect(round(850, "a")).toBe("a b")
  expect(round(851, "a")).toBe("a")
  expect(round(900, "b")).toBe("a b")
})

test("when all who have lived are silent, whoever asks has a share", () => {
  const round = group()
  for (const now of [0, 200, 400, 600]) round(now, "a")
  round(700, "b")
  expect(round(850, "b")).toBe("a")
  expect(round(851, "b")).toBe("b")
})

test("a later life takes the place of the one before it, and an earlier one is told so", () => {
  const round = group()
  for (const now of [0, 200, 400, 600]) {
    round(now, "other")
    round(now, "named", { life: "1" })
  }
  expect(round(601, "named", { life: "2" })).toBe("named other")
  expect(round(602, "named", { life: "1" })).toBe("superseded")
  expect(round(603, "named", { life: "1", leaving: true })).toBe("superseded")
  // The life before had not lived: this one has to.
  expect(round(700, "named", { life: "3" })).toBe("other")
  expect(round(800, "named", { life: "3", leaving: true })).toBe("other")
})

test("who has been silent for a lease is no member any more", () => {
  const round = group()
  round(0, "named", { life: "9" })
  expect(round(999, "named", { life: "1" })).toBe("superseded")
  expect(round(1_000, "named", { life: "1" })).toBe("named")
})
