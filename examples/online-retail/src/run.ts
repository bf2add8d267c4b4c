import { type Comparison, compare } from "./compare.js"
import type { Engine } from "./engine.js"
import { Progress } from "./progress.js"
import { startBar } from "./progress-bar.js"
import { type Published, publishDataset } from "./publish.js"
import type { Truth } from "./truth.js"

/** What to run. */
export interface RunOptions {
  readonly limit: number | undefined
  /** Kill a worker half-way. */
  readonly crash: boolean
  readonly say: (line: string) => void
}

/** What has come of it. */
export interface Run {
  readonly published: Published
  readonly comparison: Comparison
  /** From the first event published to the last value computed. */
  readonly seconds: number
  readonly restarts: number
  /** What the workers' metrics say; those of a worker that died are gone with it. */
  readonly processed: number | undefined
  /** Every line, every feature and every customer is as the file says. */
  readonly matches: boolean
}

/** Publishes the file, waits until all of it has been applied, and compares the features with the file. */
export async function runThrough(engine: Engine, truth: Truth, { limit, crash, say }: RunOptions): Promise<Run> {
  const bar = startBar(truth.events)
  let crashAt = crash ? truth.events / 2 : Number.POSITIVE_INFINITY
  const progress = new Progress(engine, (applied) => {
    bar.update(applied)
    if (applied < crashAt) return
    crashAt = Number.POSITIVE_INFINITY
    say(`killing a worker after ${applied} of ${truth.events} events`)
    engine.killWorker?.()
  })
  const startedAt = Date.now()
  let published: Published
  try {
    published = await publishDataset(engine.bus, limit, (events) => progress.until(events))
    await progress.until(published.accepted)
  } finally {
    bar.stop() // also gives the terminal its cursor back
  }
  const comparison = await compare(truth)
  const isComplete = published.accepted === truth.events && countRejected(published) === truth.lines - truth.events
  return {
    published,
    comparison,
    seconds: Math.max(0, comparison.lastComputedAt - startedAt) / 1000,
    restarts: engine.restarts,
    processed: await engine.countProcessed?.(published.accepted - published.duplicates),
    matches: isComplete && comparison.matches,
  }
}

/** How many lines are no event, whatever the reason. */
export function countRejected({ rejected }: Published): number {
  return [...rejected.values()].reduce((sum, count) => sum + count, 0)
}
