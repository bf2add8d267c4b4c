import type { Fault } from "../fault.js"
import { cut } from "./network.js"
import { clock, kill, pause, takenOver } from "./processes.js"
import { redisRestart } from "./servers.js"

/** Most of what can happen on one server, at the same time. */
export const storm: Fault = {
  place: "one",
  isProxied: true,
  hitsAll: true,
  async run(stage) {
    await Promise.all([kill, pause, clock, cut, redisRestart].map((fault) => fault.run(stage)))
    await takenOver(stage)
    return `${stage.fleet.deaths} workers killed, and more`
  },
}
