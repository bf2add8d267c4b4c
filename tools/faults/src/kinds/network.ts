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

/** For some seconds nothing passes, and nobody is told. Then everything arrives late, or nothing of it ever does. */
export const blackHole: Fault = {
  place: "one",
  isProxied: true,
  async run(stage) {
    const { random, proxy } = stage
    await delay(random.int(200, 1_000))
    const silentMs = random.int(500, 5_000)
    const isLate = random.chance(0.5)
    hurt(stage)
    proxy.hold("both")
    await delay(silentMs)
    if (!isLate) proxy.abandon()
    proxy.release()
    return `silent for ${silentMs} ms, ${isLate ? "then everything at once" : "for ever on what was open"}`
  },
}

/** Redis has lost the connections and the clients do not know; or it hears them, but its answers do not arrive. */
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
        proxy.hold("answers")
        await delay(random.int(20, 1_500))
        proxy.cut()
        proxy.release()
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
