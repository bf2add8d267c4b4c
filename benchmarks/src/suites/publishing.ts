import { Child } from "../lib/child.js"
import { startRedis } from "../lib/redis.js"
import { interleave, type Spread, spreadOf } from "../lib/rounds.js"
import type { PublishMethods } from "../publish-process.js"
import { publishers } from "../publishers.js"
import type { Sizes } from "../sizes.js"

/** How events reach `publish`: each awaited, 50 at once, or a thousand a call. */
export const PUBLISH_MODES = { one_by_one: 1, concurrent: 50, batches: 1000 } as const
export type PublishMode = keyof typeof PUBLISH_MODES

/** One way to publish with one publisher. */
export interface PublishingRow {
  readonly name: string
  readonly title: string
  readonly mode: PublishMode
  readonly eventsPerSecond: Spread
  /** Microseconds of CPU per event, of the publishing process and of Redis. */
  readonly nodeUs: Spread
  readonly redisUs: Spread
}

/** How fast events can be handed over. */
export async function measurePublishing(sizes: Sizes, say: (line: string) => void): Promise<PublishingRow[]> {
  const modes: PublishMode[] = sizes.quick ? ["batches"] : ["one_by_one", "concurrent", "batches"]
  const chosen = publishers.filter(({ isExtra = false }) => !(sizes.quick && isExtra))
  const cases = chosen.flatMap(({ name, title }) => modes.map((mode) => ({ name, title, mode })))
  const measured = await interleave(cases, sizes.rounds, async ({ name, mode }) => {
    const measurement = await measureOne(name, mode, sizes)
    say(`${name}, ${mode}: ${Math.round(measurement.eventsPerSecond)} events/s`)
    return measurement
  })
  return measured.map(([{ name, title, mode }, all]) => ({
    name,
    title,
    mode,
    eventsPerSecond: spreadOf(all.map(({ eventsPerSecond }) => eventsPerSecond)),
    nodeUs: spreadOf(all.map(({ nodeUs }) => nodeUs)),
    redisUs: spreadOf(all.map(({ redisUs }) => redisUs)),
  }))
}

async function measureOne(name: string, mode: PublishMode, { workload, published }: Sizes) {
  // Waiting for each answer is slow: fewer say as much.
  const events = mode === "batches" ? published : Math.ceil(published / 10)
  const redis = await startRedis()
  const child = new Child<PublishMethods>("publish-process.ts")
  try {
    await child.call("prepare", name, redis.url)
    await child.call("publish", mode, { ...workload, events: Math.ceil(events / 5) }, "warm-up")
    const redisFrom = await redis.cpuUs()
    const { ms, cpuUs } = await child.call("publish", mode, { ...workload, events }, "measured")
    const redisUs = ((await redis.cpuUs()) - redisFrom) / events
    return { eventsPerSecond: (events / ms) * 1000, nodeUs: cpuUs / events, redisUs }
  } finally {
    await child.stop()
    await redis.stop()
  }
}
