import { expect, test } from "vitest"
import type { Clock } from "../clock.js"
import { newEventId } from "./event-id.js"

const FORMAT = /^evt_[0-9a-hjkmnp-tv-z]{26}$/
/** Far in the future: ids of this process never go back, so each test takes a later time than those before it. */
let far = 20_000_000_000_000

function clockAt(now: () => number, random: () => number = Math.random): Clock {
  return { now, random, setTimer: () => ({ cancel() {} }) }
}

test("makes ids of one format that sort in the order they were made, and differ within a millisecond", () => {
  const ids = Array.from({ length: 20_000 }, () => newEventId())
  expect(ids.every((id) => FORMAT.test(id))).toBe(true)
  expect(ids).toEqual([...new Set(ids)].sort())
})

test("spells the time as ULID does", () => {
  const time = far++
  const digits = "0123456789abcdefghjkmnpqrstvwxyz"
  const spelled = newEventId(clockAt(() => time)).slice(4, 14)
  expect([...spelled].reduce((sum, digit) => sum * 32 + digits.indexOf(digit), 0)).toBe(time)
})

test("keeps the order when the clock is set back", () => {
  const times = [far + 10, far + 5, far, far + 20]
  far += 100
  const ids = times.map((time) => newEventId(clockAt(() => time)))
  expect(ids).toEqual([...ids].sort())
})

test("takes its chance from the clock, and has room to count up whatever it is", () => {
  const time = far++
  const ids = Array.from({ length: 3 }, () =>
    newEventId(
      clockAt(
        () => time,
        () => 0.999_999_9,
      ),
    ),
  )
  expect(ids).toEqual([...new Set(ids)].sort())
  const [one, other] = [0.1, 0.9].map((chance) => {
    const later = far++
    return newEventId(
      clockAt(
        () => later,
        () => chance,
      ),
    ).slice(14)
  })
  expect(one).not.toBe(other)
})
