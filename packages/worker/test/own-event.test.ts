import { defineEvent } from "@fabra/events"
import { expect, test } from "vitest"
import { z } from "zod"
import { setup } from "./support.js"

interface Order {
  amount: number
  items: string[]
  at?: Date
}

test.each([
  ["without a schema", false],
  ["with a schema", true],
])("each try of each feature sees the event as it was published, %s", async (_, hasSchema) => {
  const { store, User, bus, start, publish } = setup()
  const schema = z.object({ amount: z.number(), items: z.array(z.string()), at: z.date().default(new Date(0)) })
  const trigger = hasSchema ? defineEvent("x", schema) : "x"
  const seen: unknown[] = []
  const change = (event: { payload: unknown; timestamp: Date }) => {
    const payload = event.payload as Order
    seen.push({ ...structuredClone(payload), year: event.timestamp.getUTCFullYear() })
    payload.amount *= 100
    payload.items.push("more")
    payload.at?.setUTCFullYear(1999)
    event.timestamp.setUTCFullYear(1999)
  }
  store.feature("fails", {
    entity: User,
    trigger,
    maxRetries: 2,
    compute: (_id, event) => {
      change(event)
      throw new Error("again")
    },
  })
  const when = (event: { payload: unknown; timestamp: Date }) => {
    change(event)
    return true
  }
  store.feature("filters", { entity: User, trigger, when, compute: () => 1 })
  store.feature("works", { entity: User, trigger, compute: (_id, event) => change(event) })
  const { worker } = start()
  await publish("x", "ann", { amount: 1, items: [] })
  await worker.idle()
  const year = new Date().getUTCFullYear()
  expect(seen).toEqual(Array(5).fill({ amount: 1, items: [], ...(hasSchema ? { at: new Date(0) } : {}), year }))
  const [letter] = (await bus.deadLetters.list()).entries
  expect(letter?.data).not.toContain("more")
})

test("a payload that contains itself, which only a schema can make, is shared by all handlers", async () => {
  const { store, User, start, publish } = setup()
  const schema = z.object({}).transform(() => {
    const loop: Record<string, unknown> = { n: 1 }
    loop.all = [loop, loop]
    return loop
  })
  const trigger = defineEvent("x", schema)
  const n = store.feature("n", { entity: User, trigger, compute: (_id, event) => event.payload.n })
  const { worker } = start()
  await publish("x", "ann")
  await worker.idle()
  expect(await store.getFeature(n, "ann")).toBe(1)
})
