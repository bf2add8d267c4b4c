import type { StandardSchemaV1 } from "@standard-schema/spec"
import { expect, test } from "vitest"
import { z } from "zod"
import { defineEvent } from "./define-event.js"

const purchase = defineEvent(
  "purchase",
  z.object({ amount: z.number(), items: z.array(z.object({ "odd id": z.string() })).default([]) }),
)

/** A schema by hand, as the spec has it: it answers later. */
const later: StandardSchemaV1<{ n: string }, { n: number }> = {
  "~standard": {
    version: 1,
    vendor: "by-hand",
    async validate(value) {
      const n = Number((value as { n?: unknown }).n)
      return Number.isNaN(n) ? { issues: [{ message: "no number", path: [{ key: "n" }] }] } : { value: { n } }
    },
  },
}

test("creates events of its name", () => {
  const event = purchase.create({ entityId: "user_1", payload: { amount: 5 } })
  expect(event).toMatchObject({ eventType: "purchase", entityId: "user_1", payload: { amount: 5 } })
})

test("returns what a handler gets, defaults filled in, at once", () => {
  expect(purchase.parse({ amount: 5 })).toEqual({ amount: 5, items: [] })
})

test("names every issue and where it lies", () => {
  const parse = () => purchase.parse({ amount: "5", items: [{ "odd id": 1 }] })
  expect(parse).toThrow(
    expect.objectContaining({
      code: "invalid_event",
      issues: [
        expect.objectContaining({ path: "payload.amount" }),
        expect.objectContaining({ path: 'payload.items[0]["odd id"]' }),
      ],
    }),
  )
  expect(parse).toThrow(/"purchase".*payload\.amount/)
})

test("waits for a schema that answers later", async () => {
  const definition = defineEvent("counted", later)
  await expect(definition.parse({ n: "12" })).resolves.toEqual({ n: 12 })
  await expect(definition.parse({ n: "x" })).rejects.toMatchObject({
    code: "invalid_event",
    issues: [{ path: "payload.n", message: "no number" }],
  })
})

test("lets any payload through without a schema", () => {
  const any = defineEvent("any")
  expect(any.schema).toBeUndefined()
  expect(any.parse({ a: 1 })).toEqual({ a: 1 })
})

test("refuses a name that is none, and a schema that is none", () => {
  expect(() => defineEvent("no name")).toThrow(expect.objectContaining({ code: "invalid_name" }))
  expect(() => defineEvent("a", { parse() {} } as never)).toThrow(
    expect.objectContaining({ code: "invalid_argument", path: "schema" }),
  )
})
