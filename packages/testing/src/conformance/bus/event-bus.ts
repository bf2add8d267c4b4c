import { describe } from "vitest"
import { testAssignment } from "./assignment.js"
import { testCheckpoints } from "./checkpoint.js"
import { testClose } from "./close.js"
import { testDeadLetters } from "./dead-letters.js"
import { testDedupe } from "./dedupe.js"
import { testGroups } from "./groups.js"
import type { EventBusSuite } from "./harness.js"
import { testJoining } from "./joining.js"
import { testLag } from "./lag.js"
import { testPublish } from "./publish.js"
import { testRead } from "./read.js"
import { testRefusal } from "./refusal.js"
import { testReplay } from "./replay.js"
import { testRestart } from "./restart.js"
import { testSeek } from "./seek.js"
import { testSharing } from "./sharing.js"
import { testTakeOver } from "./take-over.js"
import { testWait } from "./wait.js"
import { checksOf } from "./world.js"

/**
 * Declares vitest tests of everything `EventBus` promises. What the bus does not claim in its capabilities is tested for
 * the opposite. Call it at the top of a test file:
 *
 * ```ts
 * testEventBus("MyEventBus", {
 *   async create(options) {
 *     const clock = new MortalClock()
 *     const bus = new MyEventBus({ namespace: `test-${crypto.randomUUID()}`, ...options, clock })
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
      testGroups(check)
    })
    describe("sharing", () => {
      testAssignment(check)
      testJoining(check)
      testTakeOver(check)
      testSharing(check)
      testRestart(check)
    })
    describe("dead letters", () => {
      testDeadLetters(check)
      testReplay(check)
    })
    describe("closing", () => testClose(check))
  })
}
