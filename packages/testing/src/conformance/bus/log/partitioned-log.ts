import { describe, expect } from "vitest"
import type { PartitionedLogSuite } from "./harness.js"
import { testLeases } from "./leases.js"
import { testRecords } from "./records.js"
import { logChecksOf, PARTITIONS } from "./world.js"

/**
 * Declares vitest tests of a `PartitionedLog` alone, for an adapter that has no bus around it yet. A log that passes lets
 * `LogSubscription` keep what it promises; {@link testEventBus} then tests the whole.
 *
 * ```ts
 * testPartitionedLog("MyLog", {
 *   async create({ partitions }) {
 *     const store = await MyStore.open({ namespace: `test_${crypto.randomUUID()}`, partitions })
 *     return { open: () => new MyLog(store), append: (events) => store.append(events), cleanup: () => store.remove() }
 *   },
 * })
 * ```
 */
export function testPartitionedLog(name: string, suite: PartitionedLogSuite): void {
  const check = logChecksOf(suite)
  describe(name, () => {
    check("has the partitions it was asked for", async (world) => {
      expect((await world.member()).log.partitions).toBe(PARTITIONS)
    })
    describe("leases", () => testLeases(check))
    describe("records", () => testRecords(check))
  })
}
