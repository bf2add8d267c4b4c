import { expect, test } from "vitest"
import { checkPartitions, hashEntityId, MAX_PARTITIONS, partitionOf } from "./partition.js"
import { partitionTestVectors } from "./partition-vectors.js"

/** The hash once more, from its definitions, with whole numbers of any size instead of `Math.imul`. */
function hashByTheBook(entityId: string): number {
  const mask = 0xffff_ffffn
  let hash = 2166136261n // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
  for (const byte of Buffer.from(entityId, "utf8")) hash = ((hash ^ BigInt(byte)) * 16777619n) & mask
  hash ^= hash >> 16n // fmix32: https://github.com/aappleby/smhasher
  hash = (hash * 0x85ebca6bn) & mask
  hash ^= hash >> 13n
  hash = (hash * 0xc2b2ae35n) & mask
  hash ^= hash >> 16n
  return Number(hash)
}

test("pins the hash of some twenty ids", () => {
  expect(partitionTestVectors.length).toBeGreaterThanOrEqual(20)
  for (const [entityId, hash, of16] of partitionTestVectors) {
    expect([hashEntityId(entityId), partitionOf(entityId, 16)], JSON.stringify(entityId)).toEqual([hash, of16])
    expect(hashByTheBook(entityId), JSON.stringify(entityId)).toBe(hash)
  }
})

test("hashes the bytes of UTF-8: composed and decomposed letters differ", () => {
  expect(hashEntityId("\u00fc")).not.toBe(hashEntityId("u\u0308"))
})

test("spreads consecutive ids evenly", () => {
  const counts = new Array<number>(16).fill(0)
  for (let i = 0; i < 16_000; i++)
    counts[partitionOf(`user_${i}`, 16)] = (counts[partitionOf(`user_${i}`, 16)] ?? 0) + 1
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150)
})

test.each([0, -1, 1.5, Number.NaN, MAX_PARTITIONS + 1, "4" as never])("refuses %s partitions", (partitions) => {
  expect(() => checkPartitions(partitions)).toThrow(expect.objectContaining({ code: "invalid_argument" }))
})

test.each([1, 16, MAX_PARTITIONS])("allows %s partitions", (partitions) => checkPartitions(partitions))
