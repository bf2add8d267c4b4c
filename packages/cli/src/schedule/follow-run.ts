import { setTimeout as sleep } from "node:timers/promises"
import type { ScheduleBook, ScheduleRun } from "@fabra/worker"
import type { SingleBar } from "cli-progress"
import { say } from "../terminal/output.js"

const LOOK_EVERY_MS = 100
/** Workers look every second, and take over after a lease: after so long there is probably none. */
const PATIENCE_MS = 5000

/** Asks for a run, and shows on a terminal how far it has come. Resolves when it is over. */
export async function followRun(book: ScheduleBook, feature: string): Promise<ScheduleRun> {
  const request = await book.request(feature)
  const askedAt = Date.now()
  let hasWarned = false
  let bar: SingleBar | undefined
  try {
    for (;;) {
      const { state } = await book.read(feature)
      const over = state.history.find((run) => run.request === request)
      if (over !== undefined) {
        bar?.update(over.entities, { entities: over.entities.toLocaleString("en") })
        return over
      }
      if (state.run?.request === request) {
        const { entities } = state.run
        // How many there are nobody knows; the last run went through so many.
        bar ??= await startBar(state.history.find(({ complete }) => complete)?.entities ?? 0)
        bar?.update(entities, { entities: entities.toLocaleString("en") })
      } else if (!hasWarned && state.run === null && Date.now() - askedAt > PATIENCE_MS) {
        hasWarned = true
        say("No worker has begun it yet: does `fabra worker` run?")
      }
      await sleep(LOOK_EVERY_MS)
    }
  } finally {
    bar?.stop()
  }
}

/** A bar on standard error; nothing where that is no terminal. */
async function startBar(total: number): Promise<SingleBar | undefined> {
  if (!process.stderr.isTTY) return undefined
  const { SingleBar } = await import("cli-progress")
  const format = total === 0 ? "{entities} entities" : "{bar} {percentage} %  {entities} entities  {duration_formatted}"
  const bar = new SingleBar({ format, barsize: 30, hideCursor: true, clearOnComplete: false })
  bar.start(Math.max(total, 1), 0, { entities: 0 })
  return bar
}

/** A run as it is printed. */
export function toRun({ scheduledFor, startedAt, finishedAt, entities, failed, complete, error }: ScheduleRun) {
  return {
    scheduled_for: new Date(scheduledFor).toISOString(),
    started_at: new Date(startedAt).toISOString(),
    duration_ms: Math.max(0, finishedAt - startedAt),
    entities,
    failed,
    complete,
    error,
  }
}
