import type { Fault } from "../fault.js"
import { failOver } from "./cluster.js"
import { blackHole, cut, halfOpen } from "./network.js"
import { clock, crashLoop, kill, killPoint, pause } from "./processes.js"
import { diskFull, lastReplica, memoryFull, redisRestart, rollBack } from "./servers.js"
import { slotMigration } from "./slots.js"
import { storm } from "./storm.js"

/** Every kind of fault, by the name it has on the command line. */
export const FAULTS = {
  kill,
  "kill-point": killPoint,
  "crash-loop": crashLoop,
  pause,
  clock,
  cut,
  "black-hole": blackHole,
  "half-open": halfOpen,
  "redis-restart": redisRestart,
  "roll-back": rollBack,
  "last-replica": lastReplica,
  "memory-full": memoryFull,
  "disk-full": diskFull,
  storm,
  "fail-over": failOver,
  "slot-migration": slotMigration,
} satisfies Record<string, Fault>

/** One of {@link FAULTS}. */
export type FaultName = keyof typeof FAULTS
