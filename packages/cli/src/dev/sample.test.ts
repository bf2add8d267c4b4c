import { defineEvent } from "@fabra/events"
import { expect, test } from "vitest"
import { z } from "zod"
import { samplePayload } from "./sample.js"

test("a payload is made up that the schema takes", async () => {
  const schema = z.object({
    amount: z.number(),
    product_id: z.string(),
    kind: z.enum(["credit", "debit"]),
    at: z.iso.datetime(),
    count: z.int().min(3).max(9),
    discount: z.number().negative(),
    mail: z.email(),
    id: z.uuid(),
    tags: z.array(z.string().min(9)).min(2),
    what: z.union([z.string(), z.number()]),
    literal: z.literal("x"),
    preset: z.string().default("q"),
    price: z.string().transform(Number),
    inner: z.object({ yes: z.boolean(), none: z.null(), byName: z.record(z.string(), z.number()) }),
    left: z.string().optional(),
    when: z.coerce.date().optional(),
  })
  expect(await samplePayload(defineEvent("purchase", schema))).toMatchObject({
    amount: 99.99,
    kind: "credit",
    count: 3,
  })
})

test("an event without a schema takes an empty payload", async () => {
  expect(await samplePayload(defineEvent("purchase"))).toEqual({})
  expect(await samplePayload(undefined)).toEqual({})
})

test("no payload is better than a wrong one", async () => {
  const schema = z.object({ code: z.string().regex(/^\d{3}$/) })
  expect(await samplePayload(defineEvent("purchase", schema))).toBeUndefined()
})
