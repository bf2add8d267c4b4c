import type { StandardSchemaV1 } from "@standard-schema/spec"
import { expectTypeOf } from "vitest"
import { z } from "zod"
import { type AxiomEvent, defineEvent, type EventOf, type JsonObject } from "../src/index.js"

const purchase = defineEvent("purchase", z.object({ amount: z.number(), currency: z.string().default("EUR") }))

// What is published may leave out what has a default; what a handler gets has it.
const event = purchase.create({ entityId: "user_1", payload: { amount: 5 } })
expectTypeOf(event.eventType).toEqualTypeOf<"purchase">()
expectTypeOf(event.payload).toEqualTypeOf<{ amount: number; currency?: string | undefined }>()
expectTypeOf<EventOf<typeof purchase>>().toEqualTypeOf<AxiomEvent<"purchase", { amount: number; currency: string }>>()

// @ts-expect-error: an amount is a number
purchase.create({ entityId: "user_1", payload: { amount: "5" } })
// @ts-expect-error: an amount must be given
purchase.create({ entityId: "user_1", payload: {} })
// @ts-expect-error: there is no such field
purchase.create({ entityId: "user_1", payload: { amount: 5, price: 5 } })
// @ts-expect-error: the name is the definition's
purchase.create({ entityId: "user_1", eventType: "refund", payload: { amount: 5 } })
// @ts-expect-error: an event happens to an entity
purchase.create({ payload: { amount: 5 } })

// Any Standard Schema carries its types, transforms among them.
declare const counted: StandardSchemaV1<{ n: string }, { n: number }>
const count = defineEvent("count", counted)
expectTypeOf(count.create({ entityId: "a", payload: { n: "1" } }).payload).toEqualTypeOf<{ n: string }>()
expectTypeOf<EventOf<typeof count>["payload"]>().toEqualTypeOf<{ n: number }>()

// Without a schema the payload has the type it is given, or is any JSON.
const typed = defineEvent<{ reason: string }>("closed")
expectTypeOf(typed.create({ entityId: "a", payload: { reason: "b" } }).payload).toEqualTypeOf<{ reason: string }>()
// @ts-expect-error: a reason is a text
typed.create({ entityId: "a", payload: { reason: 1 } })
const untyped = defineEvent("anything")
expectTypeOf<EventOf<typeof untyped>["payload"]>().toEqualTypeOf<JsonObject>()

// @ts-expect-error: a zod-like object is not a Standard Schema
defineEvent("a", { parse: () => 1 })
