import { expect, test } from "vitest"
import { GrowingBytes } from "./growing-bytes.js"

test("chunks are copied into one buffer: none of them is kept, however many a client makes", () => {
  const bytes = new GrowingBytes()
  const chunk = Buffer.alloc(1)
  bytes.add(Buffer.from("first"))
  for (let i = 0; i < 5000; i++) {
    chunk[0] = i % 256
    bytes.add(chunk)
  }
  const taken = bytes.take()
  expect(taken.subarray(0, 5).toString()).toBe("first")
  expect([...taken.subarray(5)]).toEqual(Array.from({ length: 5000 }, (_, i) => i % 256))
  expect(bytes.length).toBe(0)
  bytes.add(Buffer.from("next"))
  expect(bytes.take().toString()).toBe("next")
  expect(bytes.take()).toHaveLength(0)
})
