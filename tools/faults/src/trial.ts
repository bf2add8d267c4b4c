import { setTimeout as delay } from "node:timers/promises"
import { TcpProxy } from "@fabra/test-support"
import type { Violation } from "./check.js"
import type { Fault } from "./fault.js"
import { Fleet } from "./fleet.js"
import { judge } from "./judge.js"
import { FAULTS, type FaultName } from "./kinds/index.js"
import { Load } from "./load.js"
import { Place } from "./place.js"
import type { ConnectionPlan } from "./plan.js"
import { randomOf } from "./random.js"
import { findStreams } from "./streams.js"
import { within } from "./until.js"

const WORKERS = 3
const NAMESPACE = "faults"
const WARM_UP_MS = 1_000
const COOL_DOWN_MS = 1_000
/** Redis forgets nothing that it has written, unless the fault sees to it. */
const NO_ROLLBACK_MS = 1_000
/** Whoever has not come to an end then is stuck. Far beyond what any trial takes, also on a busy machine. */
const LIMIT_MS = 120_000

/** What has come of a trial. */
export interface Trial {
  readonly fault: FaultName
  readonly seed: number
  /** What the fault did. */
  readonly done: string
  /** Records in the log. */
  readonly events: number
  readonly violations: readonly Violation[]
  /** Milliseconds from a worker's death until a partition of it was worked on again. */
  readonly takeOversMs: readonly number[]
  /** Longest time from publish to visible of an entity that was not affected; `undefined` where everything was. */
  readonly longestStallMs: number | undefined
  readonly seconds: number
}

/** Runs one trial: starts everything, does its worst, waits until all is settled, and compares. */
export async function runTrial(name: FaultName, seed: number): Promise<Trial> {
  const startedAt = performance.now()
  const fault: Fault = FAULTS[name]
  const place = await Place.start(fault.place)
  const proxy = await TcpProxy.to(place.address.bus[0] as number)
  const plan = { address: place.address, namespace: NAMESPACE, rollbackMs: fault.rollbackMs ?? NO_ROLLBACK_MS }
  const proxied = fault.isProxied ? behind(proxy, plan) : plan
  const load = new Load(plan, proxied, seed)
  const fleet = new Fleet((worker, isSettled) => load.watcher.hurt(worker.owned, isSettled))
  const stage = { seed, namespace: NAMESPACE, place, fleet, proxy, watched: load.watcher.entity }
  let done = ""
  let events = 0
  const violations: Violation[] = []
  try {
    const dieAt = fault.dieAt && ((life: number) => fault.dieAt?.(seed, life))
    const others = Array.from({ length: WORKERS - 1 }, () => ({ connection: plan }))
    await fleet.start([{ connection: proxied, consumer: fault.consumer?.(seed), dieAt }, ...others])
    load.start(await findStreams(place, NAMESPACE), () => fleet.isSettled)
    await delay(WARM_UP_MS)
    done = await fault.run({ ...stage, random: randomOf(seed) })
    await delay(COOL_DOWN_MS)
    await within(LIMIT_MS, "every event is acknowledged", load.stopProducing())
    const verdict = await judge({ place, namespace: NAMESPACE, load, fleet, plan })
    events = verdict.events
    violations.push(...verdict.violations)
  } catch (error) {
    violations.push({ kind: "error", what: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    await fleet.kill()
    await load.close()
    proxy.close()
    await place.stop()
  }
  violations.push(...fleet.failures.map((what) => ({ kind: "error" as const, what })))
  return {
    fault: name,
    seed,
    done,
    events,
    violations,
    takeOversMs: fleet.takeOvers.samples,
    longestStallMs: fault.hitsAll ? undefined : load.watcher.longestMs,
    seconds: (performance.now() - startedAt) / 1_000,
  }
}

function behind({ port }: TcpProxy, plan: ConnectionPlan): ConnectionPlan {
  return { ...plan, address: { ...plan.address, isCluster: false, bus: [port], cache: [port] } }
}
