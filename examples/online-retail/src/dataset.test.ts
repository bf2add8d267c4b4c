import { expect, test } from "vitest"
import { type RetailLine, readLines } from "./dataset.js"

async function read(limit: number): Promise<RetailLine[]> {
  const all: RetailLine[] = []
  for await (const lines of readLines(limit)) all.push(...lines)
  return all
}

test("reads lines as they stand in the file, numbered as there", async () => {
  const [first] = await read(1)
  expect(first).toEqual({
    number: 2,
    invoiceNo: "536365",
    stockCode: "85123A",
    description: "WHITE HANGING HEART T-LIGHT HOLDER",
    quantity: "6",
    invoiceDate: "2010-12-01T08:26Z",
    unitPrice: "2.55",
    customerId: "17850",
    country: "United Kingdom",
  })
})

test("reads no more than it should, without a gap where portions meet", async () => {
  const lines = await read(20_000)
  expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 2))
  expect(lines.filter(({ country }) => country === "")).toEqual([])
})

test("reads quoted fields", async () => {
  const descriptions = new Set((await read(20_000)).map(({ description }) => description))
  expect(descriptions).toContain("AIRLINE LOUNGE,METAL SIGN")
})
