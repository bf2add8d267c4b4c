import type { Contender } from "../contender.js"
import { contenders as known } from "../contenders/index.js"
import { canPin, type Placement } from "../lib/placement.js"
import { interleave, type Spread, spreadOf } from "../lib/rounds.js"
import { partOf } from "../run.js"
import type { RunningContenders } from "../running-contenders.js"
import type { Sizes } from "../sizes.js"

/** One contender at one placement. */
export interface ThroughputRow {
  readonly name: string
  readonly title: string
  readonly placement: Placement
  readonly eventsPerSecond: Spread
  /** Microseconds of CPU per event, all worker processes. */
  readonly nodeUs: Spread
  /** The same of Redis; `null` without one. */
  readonly redisUs: Spread | null
  /** Of all events at all placements; `null` for what computes nothing. */
  readonly wrongEntities: number | null
}

/** How fast each contender drains a backlog: all run at once, and in each round each has its turn with a part of the events. */
export async function measureThroughput(
  contenders: RunningContenders,
  { workload, rounds, quick }: Sizes,
  say: (line: string) => void,
): Promise<ThroughputRow[]> {
  const chosen = known.filter(({ isExtra }) => !(quick && isExtra))
  const all = await contenders.only(chosen.map(({ name }) => name))
  const cases = all.flatMap((running) =>
    placementsFor(running.contender, quick).map((placement) => ({ running, placement })),
  )
  const measured = await interleave(cases, rounds, async ({ running, placement }) => {
    const { contender } = running
    const measurement = await running.drain(partOf(contender, workload.events / rounds), placement)
    say(`${contender.name} (${placement}): ${Math.round(measurement.eventsPerSecond)} events/s`)
    return measurement
  })
  const wrong = new Map(await Promise.all(all.map(async (one) => [one, await one.countWrongEntities()] as const)))
  return measured.map(([{ running, placement }, turns]) => ({
    name: running.contender.name,
    title: running.contender.title,
    placement,
    eventsPerSecond: spreadOf(turns.map(({ eventsPerSecond }) => eventsPerSecond)),
    nodeUs: spreadOf(turns.map(({ nodeUs }) => nodeUs)),
    redisUs: running.contender.embedded ? null : spreadOf(turns.map(({ redisUs }) => redisUs ?? 0)),
    wrongEntities: wrong.get(running) ?? null,
  }))
}

/** What helps nobody is left out: pinning without Redis, and all on one core but for those that like it. */
function placementsFor({ embedded, likesOneCore }: Contender, quick: boolean): Placement[] {
  if (embedded || !canPin) return ["free"]
  if (quick) return [likesOneCore ? "shared" : "free"]
  return likesOneCore ? ["free", "split", "shared"] : ["free", "split"]
}
