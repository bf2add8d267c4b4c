import { Readable } from "node:stream"
import { expect, test } from "vitest"
import { type Format, readRows } from "./rows.js"

async function payloads(text: string, format: Format) {
  const read = []
  for await (const row of readRows(Readable.from([Buffer.from(text)]), format, "x")) {
    read.push("event" in row ? row.event.payload : row.error.message)
  }
  return read
}

test("a byte order mark at the beginning costs no event", async () => {
  const line = '{"entity_id": "ann", "payload": {"n": 1}}'
  expect(await payloads(`\ufeff${line}\n${line}\n`, "ndjson")).toEqual([{ n: 1 }, { n: 1 }])
  expect(await payloads("\ufeffentity_id,n\nann,1\n", "csv")).toEqual([{ n: 1 }])
})

test("a cell with an exponent is a number, and one that is beyond the numbers stays text", async () => {
  const table = "entity_id,n\nann,1e-05\nann,-2.5E+3\nann,1e400\nann,e5\n"
  expect(await payloads(table, "csv")).toEqual([{ n: 0.00001 }, { n: -2500 }, { n: "1e400" }, { n: "e5" }])
})
