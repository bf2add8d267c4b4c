import { check, isQuiet } from "./check.js"
import { startClients } from "./clients.js"
import type { Configuration } from "./configurations.js"
import { CALM_AFTER_MS, Plan } from "./plan.js"
import { startReader } from "./reader.js"
import type { Server } from "./server.js"
import { startWorkers } from "./workers.js"
import { type Violation, World } from "./world.js"

/** How long the work that is left may take when faults have ended. */
const PATIENCE_MS = 60_000
const LONG_LAG_BEFORE_MS = 400
const SLOW_LAG_BEFORE_MS = 3000
const LONG_LAG_AFTER_MS = 100

/** What one execution came to. */
export interface Outcome {
  readonly seed: number
  /** Records in the log. */
  readonly events: number
  readonly violations: readonly Violation[]
  /** What happened, line by line, when it was to be traced. */
  readonly trace: readonly string[] | undefined
}

/** Runs one execution: everything in it follows from the seed. */
export async function simulate(seed: number, configuration: Configuration, tracing = false): Promise<Outcome> {
  const world = new World(seed, configuration, tracing)
  const plan = new Plan(world)
  planFailovers(world, plan)
  startWorkers(world, plan)
  const told = startClients(world, plan)
  if (!configuration.ageing) startReader(world, plan)
  let quiet = false
  const look = () => {
    quiet = isQuiet(world)
    if (quiet || world.now > CALM_AFTER_MS + PATIENCE_MS) world.scheduler.stop()
    else world.scheduler.after(250, look)
  }
  world.scheduler.at(CALM_AFTER_MS, () => {
    world.faults = false
    world.tell(() => "faults have ended")
    look()
  })
  await world.scheduler.run()
  check(world, plan, told, quiet)
  const events = world.bus.reduce((sum, { master }) => sum + master.entries.length, 0)
  return { seed, events, violations: world.violations, trace: world.lines }
}

function planFailovers(world: World, { failovers }: Plan): void {
  const { busFailover = false, cacheFailover = false, together = false, slowReplication } = world.configuration
  if (!busFailover && !cacheFailover) return
  const { random, scheduler } = world
  for (const at of failovers) {
    if (random.chance(0.5)) {
      scheduler.at(at - (slowReplication ? SLOW_LAG_BEFORE_MS : LONG_LAG_BEFORE_MS), () => {
        world.lagsUntil = at + LONG_LAG_AFTER_MS
      })
    }
    scheduler.at(at, () => {
      const servers: Server[] = []
      if (busFailover) servers.push(random.pick(world.bus))
      if (cacheFailover && !together) servers.push(random.pick(world.cache))
      for (const server of servers) server.failOver()
    })
  }
}
