// A worker of one contender in a process of its own, started by run.ts.

import type { Contender, Producer, Worker, World } from "./contender.js"
import { contenderNamed } from "./contenders/index.js"
import { fill } from "./fill.js"
import { serve } from "./lib/child.js"
import { countWrongEntities } from "./verify.js"
import { eventsOf, type PurchaseEvent, type WorkloadSpec } from "./workload.js"

/** What a process had used at one moment. */
export interface Sample {
  /** Milliseconds since the epoch, to the microsecond, the same for all processes. */
  readonly at: number
  readonly applied: number
  /** Microseconds of CPU, all threads. */
  readonly cpuUs: number
}

/** What draining took, from the end of its lead on. */
export interface Drained {
  readonly from: Sample
  readonly to: Sample
  /** Most memory the process ever had, in bytes. */
  readonly peakBytes: number
}

/** What part of each drain is not measured: who has waited finds the processor's caches cold. */
const LEAD = 0.2

let applied = 0
/** When so many are applied, the measurement begins. */
let begin = Number.POSITIVE_INFINITY
let from: Sample
let contender: Contender
let worker: Worker
/** Of what has no Redis. */
let own: { readonly producer: Producer; readonly events: Iterator<PurchaseEvent>; readonly workload: WorkloadSpec }

const methods = {
  async prepare(name: string, world: World): Promise<void> {
    contender = contenderNamed(name)
    const { workload } = world
    if (contender.embedded) {
      const events = eventsOf({ ...workload, events: Number.POSITIVE_INFINITY })
      own = { producer: contender.producer(world), events, workload }
    }
    worker = await contender.worker(world, () => {
      if (++applied === begin) from = sample()
    })
  },

  async publish(events: number): Promise<void> {
    await fill(own.producer, own.events, events, own.workload)
  },

  async hold(): Promise<void> {
    await worker.hold?.()
  },

  /** @param share of the events that this one of several workers gets, about */
  async drain(events: number, share: number): Promise<Drained> {
    from = sample()
    begin = applied + Math.ceil(LEAD * share * events)
    await worker.drain(events)
    return { from, to: sample(), peakBytes: process.resourceUsage().maxRSS * 1024 }
  },

  /** `null` for a contender that computes nothing. */
  async countWrong(world: World): Promise<number | null> {
    const reader = contender.reader?.(world)
    if (reader === undefined) return null
    try {
      return await countWrongEntities(world.workload, reader)
    } finally {
      await reader.close()
    }
  },
}

/** What this process can be asked. */
export type WorkerMethods = typeof methods

function sample(): Sample {
  const { user, system } = process.cpuUsage()
  return { at: performance.timeOrigin + performance.now(), applied, cpuUs: user + system }
}

serve(methods)
