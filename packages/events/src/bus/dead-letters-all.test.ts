import { expect, test } from "vitest"
import { createEvent } from "../event/event.js"
import { encodeEvent } from "../event/wire.js"
import { MemoryDeadLetters } from "../memory/memory-dead-letters.js"
import type { NewDeadLetter } from "./dead-letter.js"
import { discardAll, replayAll } from "./dead-letters-all.js"

function letter(n: number, data?: string): NewDeadLetter {
  const event = createEvent({ eventType: "purchase", entityId: "user_1", payload: { n } })
  return {
    ...{ group: "group", partition: 0, position: `${n}`.padStart(6, "0"), data: data ?? encodeEvent(event) },
    ...{ features: ["total"], reason: "handler_failed", error: { name: "E", message: "no" }, attempts: 1 },
    ...{ firstFailedAt: n, lastFailedAt: n },
  }
}

test("ends although all that it replays fails again at once", async () => {
  let more = 1000
  const queue: MemoryDeadLetters = new MemoryDeadLetters(() => queue.append([letter(more++)]), Date.now)
  await queue.append(Array.from({ length: 250 }, (_, n) => letter(n)))
  expect(await replayAll(queue)).toHaveLength(250)
  expect((await queue.stats()).count).toBe(250)
})

test("goes on after what cannot be replayed, which stays", async () => {
  const queue = new MemoryDeadLetters(async () => {}, Date.now)
  await queue.append([letter(1), letter(2, "not an event"), letter(3)])
  const outcomes = await replayAll(queue)
  expect(outcomes.map(({ status }) => status)).toEqual(["replayed", "failed", "replayed"])
  expect((await queue.list()).entries).toMatchObject([{ data: "not an event" }])
  expect(await discardAll(queue, { reason: "invalid_event" })).toBe(0)
  expect(await discardAll(queue, { since: 2 })).toBe(1)
})
