// A worker of one contender in a process of its own, started by run.ts.

import type { Worker, World } from "./contender.js"
import { contenderNamed } from "./contenders/index.js"
import { fill } from "./fill.js"
import { serve } from "./lib/child.js"
import { countWrongEntities } from "./verify.js"

/** What a process had used at one moment. */
export interface Sample {
  /** Milliseconds since the epoch, to the microsecond, the same for all processes. */
  readonly at: number
  readonly applied: number
  /** Microseconds of CPU, all threads. */
  readonly cpuUs: number
}

/** What draining took, from the end of the warm-up on. */
export interface Drained {
  readonly from: Sample
  readonly to: Sample
  /** Most memory the process ever had, in bytes. */
  readonly peakBytes: number
}

let applied = 0
let warm: Sample | undefined
let worker: Worker | undefined

const methods = {
  /** @param warmUp after so many events of its own the measurement begins */
  async prepare(name: string, world: World, warmUp: number): Promise<void> {
    const contender = contenderNamed(name)
    if (contender.embedded) await fill(contender, world)
    worker = await contender.worker(world, () => {
      if (++applied === warmUp) warm = sample()
    })
  },

  async drain(): Promise<Drained> {
    const start = sample()
    await worker?.drain()
    return {
      from: warm !== undefined && warm.at > start.at ? warm : start,
      to: sample(),
      peakBytes: process.resourceUsage().maxRSS * 1024,
    }
  },

  /** `null` for a contender that computes nothing. */
  async countWrong(name: string, world: World): Promise<number | null> {
    const reader = contenderNamed(name).reader?.(world)
    if (reader === undefined) return null
    try {
      return await countWrongEntities(world.workload, reader)
    } finally {
      await reader.close()
    }
  },

  async close(): Promise<void> {
    await worker?.close()
  },
}

/** What this process can be asked. */
export type WorkerMethods = typeof methods

function sample(): Sample {
  const { user, system } = process.cpuUsage()
  return { at: performance.timeOrigin + performance.now(), applied, cpuUs: user + system }
}

serve(methods)
