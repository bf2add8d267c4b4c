import { expect, test } from "vitest"
import type { RetailLine } from "./dataset.js"
import { purchase, refund } from "./events.js"
import { lineToEvent } from "./line-to-event.js"

const line: RetailLine = {
  number: 2,
  invoiceNo: "536365",
  stockCode: "85123A",
  description: "WHITE HANGING HEART T-LIGHT HOLDER",
  quantity: "6",
  invoiceDate: "2010-12-01T08:26Z",
  unitPrice: "2.55",
  customerId: "17850",
  country: "United Kingdom",
}

const payload = {
  invoice_no: "536365",
  stock_code: "85123A",
  description: "WHITE HANGING HEART T-LIGHT HOLDER",
  quantity: 6,
  unit_price: "2.55",
  country: "United Kingdom",
}

test("a line is a purchase of its customer", () => {
  expect(lineToEvent(line)).toEqual({
    event: {
      eventType: "purchase",
      entityId: "17850",
      eventId: "retail_2",
      timestamp: new Date("2010-12-01T08:26:00Z"),
      payload,
    },
  })
})

test("a cancelled line is a refund", () => {
  const cancelled = { ...line, number: 143, invoiceNo: "C536379", quantity: "-1", unitPrice: "27.5" }
  expect(lineToEvent(cancelled)).toMatchObject({
    event: { eventType: "refund", eventId: "retail_143", payload: { quantity: -1, unit_price: "27.5" } },
  })
})

test("a line without a customer is rejected, and says why", () => {
  expect(lineToEvent({ ...line, customerId: "" })).toEqual({ rejected: "no CustomerID" })
})

test("handlers get the price and the amount of the line to a tenth of a penny", () => {
  expect(purchase.parse(payload)).toEqual({ ...payload, unit_price: 2550n, amount: 15300n })
  expect(refund.parse({ ...payload, quantity: -3, unit_price: "0.001" })).toMatchObject({ amount: -3n })
})

test.each([
  ["a negative quantity", { quantity: -6 }],
  ["half an item", { quantity: 0.5 }],
  ["a price that is no decimal number", { unit_price: "2,55" }],
])("a purchase with %s does not pass the schema", (_what, change) => {
  expect(() => purchase.parse({ ...payload, ...change })).toThrow("does not match the schema")
})
