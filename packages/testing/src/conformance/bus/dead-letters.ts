import type { DeadLetter, DeadLetterFilter, DeadLetterQueue } from "@fabra/events"
import type { NewDeadLetter } from "@fabra/events/adapter"
import { expect } from "vitest"
import { deadLetter } from "./dead-letter-samples.js"
import type { Check } from "./world.js"

/** The dead letters: kept exactly, once, and found again. */
export function testDeadLetters(check: Check): void {
  check("keeps a dead letter exactly", async ({ bus: { deadLetters } }) => {
    const full = deadLetter(1)
    // An event that could not be read has neither id nor type, and its data is anything at all.
    const { eventId, eventType, entityId, entityType, ...rest } = deadLetter(2)
    const bare: NewDeadLetter = {
      ...rest,
      data: '{"not json\u0000 😀',
      features: [],
      reason: "invalid_event",
      attempts: 0,
      error: { name: "E", message: "" },
    }
    await deadLetters.append([full, bare])
    const { entries, next } = await deadLetters.list()
    expect(next).toBeNull()
    expect(entries.map(withoutId)).toEqual([full, bare])
    for (const entry of entries) expect(await deadLetters.get(entry.id)).toEqual(entry)
  })

  check("lists in the order of arrival, and ids sort the same way", async ({ bus: { deadLetters } }) => {
    for (let n = 12; n > 0; n--) await deadLetters.append([deadLetter(n)])
    const { entries } = await deadLetters.list()
    expect(entries.map(({ eventId }) => eventId)).toEqual(Array.from({ length: 12 }, (_, i) => `evt_failed_${12 - i}`))
    const ids = entries.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)].sort())
  })

  check("adds a dead letter once, however often it is appended", async ({ bus: { deadLetters } }) => {
    await deadLetters.append([deadLetter(1), deadLetter(1), deadLetter(2)])
    await deadLetters.append([deadLetter(2), deadLetter(1, { attempts: 9, lastFailedAt: 1 })])
    await Promise.all([deadLetters.append([deadLetter(3)]), deadLetters.append([deadLetter(3)])])
    expect((await deadLetters.list()).entries.map(withoutId)).toEqual([deadLetter(1), deadLetter(2), deadLetter(3)])
    expect((await deadLetters.stats()).count).toBe(3)
  })

  check("adds nothing again that was discarded or replayed", async ({ bus: { deadLetters } }) => {
    await deadLetters.append([deadLetter(1), deadLetter(2)])
    const [first, second] = (await deadLetters.list()).entries as [DeadLetter, DeadLetter]
    await deadLetters.discard([first.id])
    await deadLetters.replay([second.id])
    await deadLetters.append([deadLetter(1), deadLetter(2)])
    expect(await deadLetters.list()).toEqual({ entries: [], next: null })
  })

  check("tells failures apart by group, place, entity type and features", async ({ bus: { deadLetters } }) => {
    const different: Partial<NewDeadLetter>[] = [
      {},
      { group: "other" },
      { partition: 1 },
      { position: "position-9" },
      { entityType: "Account" },
      { features: ["average"] },
      { features: ["total", "average"] },
    ]
    await deadLetters.append(different.map((overrides) => deadLetter(1, overrides)))
    expect((await deadLetters.stats()).count).toBe(different.length)
  })

  check("lists those that a filter means", async ({ bus: { deadLetters } }) => {
    const all = [
      deadLetter(0),
      deadLetter(1, { group: "other" }),
      deadLetter(2, { features: ["average", "total"] }),
      deadLetter(3, { features: ["average"], reason: "handler_timeout" }),
      deadLetter(4, { reason: "worker_crashed", entityId: "__proto__", entityType: "Account" }),
    ]
    await deadLetters.append(all)
    const at = (n: number) => deadLetter(n).lastFailedAt
    const cases: [DeadLetterFilter, number[]][] = [
      [{}, [0, 1, 2, 3, 4]],
      [{ group: "other" }, [1]],
      [{ eventType: "refund" }, [1, 3]],
      [{ feature: "average" }, [2, 3]],
      [{ feature: "total" }, [0, 1, 2, 4]],
      [{ feature: "tot" }, []],
      [{ entityId: "entity/{2} 😀" }, [2]],
      [{ entityId: "__proto__" }, [4]],
      [{ entityType: "Account" }, [4]],
      [{ reason: "handler_timeout" }, [3]],
      [{ since: at(2) }, [2, 3, 4]],
      [{ until: at(2) }, [0, 1]],
      [{ since: at(1), until: at(4), feature: "average", reason: "handler_failed" }, [2]],
    ]
    for (const [filter, expected] of cases) {
      const { entries } = await deadLetters.list(filter)
      expect(
        entries.map(({ eventId }) => eventId),
        JSON.stringify(filter),
      ).toEqual(expected.map((n) => `evt_failed_${n}`))
    }
  })

  check("lists page by page, filtered or not", async ({ bus: { deadLetters } }) => {
    await deadLetters.append(Array.from({ length: 105 }, (_, n) => deadLetter(n)))
    expect(await pages(deadLetters, {}, 20)).toEqual(Array.from({ length: 105 }, (_, n) => `evt_failed_${n}`))
    expect(await pages(deadLetters, { eventType: "refund" }, 7)).toHaveLength(52)
    const first = await deadLetters.list()
    expect(first.entries).toHaveLength(100)
    expect(first.next).not.toBeNull()
    expect((await deadLetters.list({}, { limit: 200 })).next).toBeNull()
  })

  check("goes on after an entry that is gone", async ({ bus: { deadLetters } }) => {
    await deadLetters.append([deadLetter(1), deadLetter(2), deadLetter(3)])
    const { entries, next } = await deadLetters.list({}, { limit: 1 })
    await deadLetters.discard(entries.map(({ id }) => id))
    const rest = await deadLetters.list({}, { after: next as string })
    expect(rest.entries.map(({ eventId }) => eventId)).toEqual(["evt_failed_2", "evt_failed_3"])
  })

  check("discards what is there, and counts it", async ({ bus: { deadLetters } }) => {
    await deadLetters.append([deadLetter(1), deadLetter(2), deadLetter(3)])
    const ids = (await deadLetters.list()).entries.map(({ id }) => id)
    const [first, , third] = ids as [string, string, string]
    expect(await deadLetters.discard([first, third])).toBe(2)
    expect(await deadLetters.discard([first])).toBe(0)
    expect(await deadLetters.discard([])).toBe(0)
    expect(await deadLetters.get(first)).toBeUndefined()
    expect((await deadLetters.list()).entries.map(({ eventId }) => eventId)).toEqual(["evt_failed_2"])
  })

  check("counts dead letters and knows when the oldest came", async ({ bus: { deadLetters } }) => {
    expect(await deadLetters.stats()).toEqual({ count: 0, oldestAt: null })
    await deadLetters.append([deadLetter(1)])
    const one = await deadLetters.stats()
    await deadLetters.append([deadLetter(2)])
    const two = await deadLetters.stats()
    expect([one.count, two.count]).toEqual([1, 2])
    expect(two.oldestAt).toBe(one.oldestAt)
    expect(one.oldestAt).toBeGreaterThan(deadLetter(2).lastFailedAt)
  })

  check("shows dead letters to every client", async (world) => {
    const other = await world.other()
    await world.bus.deadLetters.append([deadLetter(1)])
    expect((await other.deadLetters.list()).entries.map(withoutId)).toEqual([deadLetter(1)])
    await other.deadLetters.append([deadLetter(1), deadLetter(2)])
    expect((await world.bus.deadLetters.list()).entries.map(withoutId)).toEqual([deadLetter(1), deadLetter(2)])
  })
}

/** Event ids of all pages; no page may be longer than asked. */
async function pages(queue: DeadLetterQueue, filter: DeadLetterFilter, limit: number): Promise<(string | undefined)[]> {
  const all: (string | undefined)[] = []
  let after: string | null = null
  do {
    const page = await queue.list(filter, { limit, after: after ?? undefined })
    expect(page.entries.length).toBeLessThanOrEqual(limit)
    all.push(...page.entries.map(({ eventId }) => eventId))
    after = page.next
  } while (after !== null)
  return all
}

function withoutId({ id, ...entry }: DeadLetter): NewDeadLetter {
  expect(id).toMatch(/\S/)
  return entry
}
