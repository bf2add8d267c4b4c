import { systemClock } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import { expect } from "vitest"
import { type Check, user, value } from "./world.js"

const ROUNDS = 60

/** All of a change or nothing of it, and each change of a call for itself. */
export function testAtomicity(check: Check): void {
  check("judges each change of one call alone, and answers in order", async (world) => {
    const keys = Array.from({ length: 120 }, (_, n) => user(n))
    const tokens = await Promise.all(keys.map((key) => world.applyOn(key, null, { state: "old" })))
    const changes = keys.map((key, n) =>
      world.change(key, n % 3 === 0 ? "stale" : (tokens[n] as string), {
        state: "new",
        values: new Map([["n", value(String(n))]]),
      }),
    )
    const results = await world.cache.commit(changes)
    expect(results.map(({ status }) => status)).toEqual(keys.map((_, n) => (n % 3 === 0 ? "conflict" : "applied")))
    const records = await world.cache.load(keys, "group")
    expect(records.map(({ state }) => state)).toEqual(keys.map((_, n) => (n % 3 === 0 ? "old" : "new")))
    expect(records.map(({ version }) => version)).toEqual(
      results.map((result, n) => (result.status === "applied" ? result.version : tokens[n])),
    )
  })

  check("applies the changes of several groups to one entity in one call", async (world) => {
    const groups = ["one", "two", "three"]
    const changes = groups.map((group) =>
      world.change(user(1), null, { group, values: new Map([[group, value(group)]]) }),
    )
    const results = await world.cache.commit(changes)
    expect(results.map(({ status }) => status)).toEqual(["applied", "applied", "applied"])
    expect([...(await world.load(user(1))).values.keys()].sort()).toEqual([...groups].sort())
  })

  check("shows readers all of a change or nothing of it", async (world) => {
    const reader = await world.other()
    const features = Array.from({ length: 8 }, (_, i) => `feature_${i}`)
    const write = async () => {
      let token: string | null = null
      for (let round = 1; round <= ROUNDS; round++) {
        const state = String(round)
        const values = new Map(features.map((feature) => [feature, value(state)]))
        token = await world.applyOn(user(1), token, { state, values, addFlags: [state], removeFlags: [`${round - 1}`] })
      }
    }
    let last = 0
    await readWhile(write, async () => {
      const [row] = await reader.read([user(1)], features)
      expect(new Set(row?.map((stored) => stored?.text)).size).toBe(1)
      const { state, values, flags } = await world.load(user(1), "group", reader)
      const seen = new Set([...values.values()].map(({ text }) => text))
      if (state !== null) expect([[...seen], [...flags], values.size]).toEqual([[state], [state], features.length])
      // Time goes in one direction for a reader of one entity.
      expect(Number(state)).toBeGreaterThanOrEqual(last)
      last = Number(state)
    })
    expect((await world.load(user(1), "group", reader)).state).toBe(String(ROUNDS))
  })

  check("shows readers all of a direct write or nothing of it", async (world) => {
    const reader = await world.other()
    const features = ["a", "b", "c", "d"]
    const write = async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await world.write(user(1), new Map(features.map((feature) => [feature, value(String(round))])))
      }
    }
    await readWhile(write, async () => {
      const [row] = await reader.read([user(1)], features)
      expect(new Set(row?.map((stored) => stored?.text)).size).toBe(1)
    })
  })
}

/** Reads, at least once, until the writing is done or one of both fails. */
async function readWhile(write: () => Promise<void>, read: () => Promise<void>): Promise<void> {
  let isWriting = true
  const writing = write().finally(() => {
    isWriting = false
  })
  const reading = async () => {
    do {
      await read()
      await sleep(systemClock, 0) // a cache in memory could answer for ever without letting the writer in
    } while (isWriting)
  }
  await Promise.all([writing, reading()])
}
