import { setTimeout as delay } from "node:timers/promises"
import type { Fault, Stage } from "../fault.js"

/** Connections are reset, again and again, in the middle of whatever is on its way. */
export const cut: Fault = {
  place: "one",
  isProxied: true,
  async run(stage) {
    const cuts = stage.random.int(5, 15)
    for (let n = 0; n < cuts; n++) {
      await delay(stage.random.int(20, 500))
      hurt(stage)
      stage.proxy.cut()
    }
    return `cut ${cuts} times`
  },
}

/** For some seconds nothing passes; connections stay open, and new ones are accepted. */
export const blackHole: Fault = {
  place: "one",
  isProxied: true,
  async run(stage) {
    const { random, proxy } = stage
    await delay(random.int(200, 1_000))
    const silentMs = random.int(500, 5_000)
    hurt(stage)
    proxy.passes = { requests: false, answers: false }
    await delay(silentMs)
    proxy.passes = { requests: true, answers: true }
    // What was swallowed never comes: who still waits on these connections waits for nothing.
    return `silent for ${silentMs} ms`
  },
}

/** Redis has lost the connections, the clients do not know; or it hears them, but its answers do not arrive. */
export const halfOpen: Fault = {
  place: "one",
  isProxied: true,
  async run(stage) {
    const { random, proxy } = stage
    const times = random.int(2, 3)
    for (let n = 0; n < times; n++) {
      await delay(random.int(200, 1_000))
      hurt(stage)
      if (random.chance(0.5)) {
        proxy.passes = { requests: true, answers: false }
        await delay(random.int(20, 1_500))
        proxy.cut()
        proxy.passes = { requests: true, answers: true }
      } else {
        proxy.abandon()
        await delay(random.int(500, 2_500))
      }
    }
    return `${times} times`
  },
}

function hurt({ fleet }: Stage): void {
  fleet.hurt(fleet.at(0))
}
