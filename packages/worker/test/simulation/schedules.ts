import type { Entity, FeatureStore } from "@fabra/core"
import type { ScheduleState } from "../../src/schedule/schedule-book.js"
import { ENTITIES } from "./plan.js"
import { EPOCH, type Process } from "./process.js"
import { EMPTY, listOf, recordName, SCHEDULED, type SimulatedRecord, shardOf } from "./records.js"
import type { Server } from "./server.js"
import type { World } from "./world.js"

const REFRESH_MS = 3000

/**
 * A feature on schedule beside those that events change, entities two by two: the list of the turns it was computed for,
 * each with how many events it had seen. It reads its own last value, so that the check sees who was overwritten.
 */
export function defineScheduled(store: FeatureStore, entity: Entity, world: World, process: Process): void {
  const { random } = world
  store.feature(SCHEDULED, {
    entity,
    refresh: REFRESH_MS,
    maxRetries: 1,
    timeoutMs: 1500,
    concurrency: 2,
    materialize: true,
    async entities({ after }) {
      // The process may stand still when it has the run and has not looked at the records yet.
      if (world.unlucky(0.04)) process.stalledUntil = world.now + random.int(3000, 9000)
      await process.sleep(1)
      return after === undefined ? { ids: ENTITIES.slice(0, 2), next: "2" } : { ids: ENTITIES.slice(2), next: null }
    },
    async compute(entityId, { scheduledFor }) {
      const found = (await store.getFeatures([SCHEDULED, "a1"] as never, entityId)) as {
        readonly features: Record<string, { readonly value: string[] | undefined }>
      }
      const turns = found.features[SCHEDULED]?.value ?? []
      if (random.chance(0.3)) await process.sleep(random.chance(0.05) ? random.int(1000, 3000) : random.int(0, 300))
      if (random.chance(0.02)) throw new Error("no luck")
      const turn = String(scheduledFor.getTime() - EPOCH)
      return turns.at(-1)?.startsWith(`${turn}/`)
        ? undefined
        : [...turns, `${turn}/${found.features.a1?.value?.length}`]
    },
  })
}

/** Whether a turn is done after those that were when faults ended, as this is asked first. */
export function isScheduleQuiet(world: World): boolean {
  const { run, history } = stateIn(world)
  const last = history[0]?.scheduledFor ?? 0
  world.turnWhenCalm ??= last
  return run === null && last > world.turnWhenCalm
}

/** Every turn that was gone through is in every entity once, in order; no turn was gone through twice. */
export function checkSchedule(world: World): void {
  const { history } = stateIn(world)
  const turns = history.filter(({ request }) => request === null).map(({ scheduledFor }) => scheduledFor - EPOCH)
  for (const turn of new Set(turns)) {
    const times = turns.filter((other) => other === turn).length
    if (times > 1) world.violated("duplicated", `turn ${turn} was gone through ${times} times`)
  }
  const whole = history.filter(({ failed, complete }) => complete && failed === 0)
  for (const entity of ENTITIES) {
    const found = listOf(recordOf(world, entity).values[SCHEDULED]).map((item) => Number(item.split("/")[0]))
    for (const [i, turn] of found.entries()) {
      const before = found[i - 1] ?? Number.NEGATIVE_INFINITY
      if (turn === before) world.violated("duplicated", `turn ${turn} is twice in ${entity}: ${found}`)
      if (turn < before) world.violated("reordered", `turn ${turn} after ${before} in ${entity}: ${found}`)
    }
    for (const { scheduledFor } of whole) {
      const turn = scheduledFor - EPOCH
      if (!found.includes(turn)) world.violated("lost", `turn ${turn} is not in ${entity}: ${found}`)
    }
  }
}

function stateIn(world: World): Pick<ScheduleState, "run" | "history"> {
  const [own] = Object.values(recordOf(world, SCHEDULED, "~schedule").groups)
  return own === undefined ? { run: null, history: [] } : (JSON.parse(own.state) as ScheduleState)
}

function recordOf(world: World, id: string, entityType = "User"): SimulatedRecord {
  const { master } = world.cache[shardOf(id)] as Server
  return master.get<SimulatedRecord>(recordName({ entityType, entityId: id })) ?? EMPTY
}
