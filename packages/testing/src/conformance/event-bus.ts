import { describe } from "vitest"
import { testAssignment } from "./bus-assignment.js"
import { testCheckpoints } from "./bus-checkpoint.js"
import { testClose } from "./bus-close.js"
import { testDeadLetters } from "./bus-dead-letters.js"
import { testDedupe } from "./bus-dedupe.js"
import type { EventBusSuite } from "./bus-harness.js"
import { testLag } from "./bus-lag.js"
import { testPublish } from "./bus-publish.js"
import { testRead } from "./bus-read.js"
import { testRefusal } from "./bus-refusal.js"
import { testReplay } from "./bus-replay.js"
import { testSeek } from "./bus-seek.js"
import { testSharing } from "./bus-sharing.js"
import { testTakeOver } from "./bus-take-over.js"
import { testWait } from "./bus-wait.js"
import { checksOf } from "./bus-world.js"

/**
 * Declares vitest tests of everything `EventBus` promises. What the bus does not claim in its capabilities is tested for
 * the opposite. Call it at the top of a test file:
 *
 * ```ts
 * testEventBus("MyEventBus", {
 *   async create(options) {
 *     const clock = new MortalClock()
 *     const bus = new MyEventBus({ namespace: crypto.randomUUID(), ...options, clock })
 *     return { bus, crash: () => clock.die(), another: …, cleanup: () => bus.close() }
 *   },
 * })
 * ```
 */
export function testEventBus(name: string, suite: EventBusSuite): void {
  const check = checksOf(suite)
  describe(name, () => {
    describe("publishing", () => {
      testPublish(check)
      testDedupe(check)
      testRefusal(check)
    })
    describe("reading", () => {
      testRead(check)
      testWait(check)
      testSeek(check)
    })
    describe("checkpoints", () => {
      testCheckpoints(check)
      testLag(check)
    })
    describe("sharing", () => {
      testAssignment(check)
      testTakeOver(check)
      testSharing(check)
    })
    describe("dead letters", () => {
      testDeadLetters(check)
      testReplay(check)
    })
    describe("closing", () => testClose(check))
  })
}
