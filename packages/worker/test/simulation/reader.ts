import type { StoredValue } from "@fabra/core/adapter"
import { ENTITIES, type Plan } from "./plan.js"
import { Process } from "./process.js"
import { listOf } from "./records.js"
import { SimulatedCache } from "./simulated-cache.js"
import type { World } from "./world.js"

const FEATURES = ["a1", "a1_twin", "a2", "a2_twin"]
/** The mode that feature `a2` never fails on. One that waits may outlive its time-out when its process is stalled. */
const SAFE = "plain"

/** Reads entities all the time and looks whether anything shows by halves (promise G3). */
export function startReader(world: World, plan: Plan): void {
  const process = new Process(world, "reader")
  const cache = new SimulatedCache(world, process)
  const safe = new Set(plan.events.filter(({ mode, type }) => type === "y" || mode === SAFE).map(({ id }) => id))
  const changesA2 = new Set(plan.events.filter(({ type }) => type === "x").map(({ id }) => id))
  const look = async () => {
    for (;;) {
      await process.sleep(world.random.int(50, 700))
      const entityId = world.random.pick(ENTITIES)
      const [values] = await cache.read([{ entityType: "User", entityId }], FEATURES).catch(() => [undefined])
      if (values === undefined) continue
      const half = findHalf(values, safe, changesA2, world.everBuried)
      if (half !== undefined) world.violated("half_visible", `${entityId}: ${half}`)
    }
  }
  look()
}

/** Says what of the values is not of one moment; `undefined` when all is well. */
export function findHalf(
  values: readonly (StoredValue | undefined)[],
  safe: ReadonlySet<string>,
  changesA2: ReadonlySet<string>,
  everBuried: ReadonlySet<string>,
): string | undefined {
  const [a1 = [], a1Twin = [], a2 = [], a2Twin = []] = values.map(listOf)
  const told = () => `a1 ${a1} a1_twin ${a1Twin} a2 ${a2} a2_twin ${a2Twin}`
  // A direct write replaces a1, not its twin: what follows on it is the end of the twin.
  const since = a1.findLastIndex((id) => id.startsWith("S")) + 1
  const tail = a1Twin.slice(a1Twin.length - (a1.length - since))
  if (String(a1.slice(since)) !== String(tail) || (since === 0 && a1.length !== a1Twin.length)) return told()
  if (String(a2) !== String(a2Twin)) return told()
  // What a1 has, a2 has as well, unless it is being retried: then a2 has nothing later. Dead letters come as they are replayed.
  const live = a1Twin.filter((id) => changesA2.has(id) && !everBuried.has(`${id}/a1`) && !everBuried.has(`${id}/a2`))
  const missing = live.findIndex((id) => !a2.includes(id))
  if (missing >= 0 && (safe.has(live[missing] as string) || live.slice(missing).some((id) => a2.includes(id)))) {
    return `${live[missing]} in a1 only: ${told()}`
  }
  const early = a2.find((id) => !a1Twin.includes(id))
  return early === undefined ? undefined : `${early} in a2 only: ${told()}`
}
