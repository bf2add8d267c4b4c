import type { FeatureStore } from "@fabra/core"
import type { ScheduledHandler } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import type { ScheduleBook, ScheduleRun, ScheduleState } from "@fabra/worker"
import { Command } from "commander"
import { defineCommand } from "../command.js"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import { adapterSettings, onRedis } from "../project/adapters.js"
import { Closing } from "../project/closing.js"
import { openAdapters } from "../project/open-adapters.js"
import { followRun, toRun } from "../schedule/follow-run.js"
import type { Settings } from "../settings/table.js"
import { count, duration, print, table } from "../terminal/output.js"

const settings = ["features", ...adapterSettings] as const

/** `fabra schedule`: what is computed on schedule. */
export function scheduleCommand(): Command {
  return new Command("schedule")
    .description("look at what is computed on schedule, and have it computed now")
    .addCommand(listCommand())
    .addCommand(historyCommand())
    .addCommand(runCommand())
}

const listCommand = () =>
  defineCommand({
    name: "list [file]",
    summary: "list the features that are computed on schedule, their last run and their next turn",
    settings,
    examples: [["fabra schedule list features.ts", "as workers on FABRA_REDIS_URL have noted it"]],
    run: ({ settings, options }, file?: string) =>
      withBook(settings, file, async (book, { registry }) => {
        const handlers = [...registry.scheduledHandlers.values()]
        const entries = handlers.length === 0 ? [] : await book.readAll(handlers.map(({ feature }) => feature.name))
        const rows = handlers.map((handler, i) => toRow(handler, entries[i]?.state as ScheduleState))
        print(options.json, rows, () => (rows.length === 0 ? "Nothing is computed on schedule." : toTable(rows)))
      }),
  })

const historyCommand = () =>
  defineCommand({
    name: "history <feature> [file]",
    summary: "list the last 20 runs of a feature, newest first",
    settings,
    examples: [["fabra schedule history purchase_stats", "when they were, how long they took, what failed"]],
    run: ({ settings, options }, feature: string, file?: string) =>
      withBook(settings, file, async (book, store) => {
        checkScheduled(store, feature)
        const runs = (await book.read(feature)).state.history.map(toRun)
        print(options.json, runs, () => (runs.length === 0 ? "No run has ended yet." : toRunTable(runs)))
      }),
  })

const runCommand = () =>
  defineCommand({
    name: "run <feature> [file]",
    summary: "have a feature computed now, by the workers, and wait until it is",
    details:
      "One worker computes the last turn once more, as soon as no run of the feature is under way. Ctrl-C ends\nthe wait, and the run goes on.",
    settings,
    examples: [["fabra schedule run purchase_stats", "without waiting for its next turn"]],
    run: ({ settings, options }, feature: string, file?: string) =>
      withBook(settings, file, async (book, store) => {
        checkScheduled(store, feature)
        const run = toRun(await followRun(book, feature))
        print(options.json, run, () => toRunTable([run]))
        if (run.error !== null) process.exitCode = 1
      }),
  })

async function withBook(
  settings: Settings<(typeof adapterSettings)[number] | "features">,
  file: string | undefined,
  work: (book: ScheduleBook, store: FeatureStore) => Promise<void>,
): Promise<void> {
  const { store } = await loadFeatures(findFeatures(file ?? settings.features))
  const { ScheduleBook } = await import("@fabra/worker") // loads what computes
  await using closing = new Closing()
  const { cache } = await openAdapters(onRedis(settings), closing)
  await work(new ScheduleBook(cache), store)
}

function checkScheduled({ registry }: FeatureStore, feature: string): void {
  if (registry.scheduledHandlers.has(registry.feature(feature).name)) return
  const allowed = [...registry.scheduledHandlers.keys()]
  const those = allowed.length === 0 ? "no feature is" : `these are: ${allowed.join(", ")}`
  throw new FabraError("invalid_argument", `"${feature}" is not computed on schedule; ${those}.`, { allowed })
}

type Row = ReturnType<typeof toRow>

function toRow({ feature, schedule }: ScheduledHandler, { run, turn, history }: ScheduleState) {
  const [last] = history as readonly ScheduleRun[]
  return {
    feature: feature.name,
    entity: feature.entity.name,
    schedule: schedule.text,
    next_turn: iso(schedule.nextAfter(Date.now())),
    run: run && {
      scheduled_for: iso(turn),
      started_at: iso(run.startedAt),
      owner: run.owner,
      entities: run.entities,
      failed: run.failed,
      error: run.error,
    },
    last_run: last === undefined ? null : toRun(last),
  }
}

function toTable(rows: readonly Row[]): string {
  return table(
    ["feature", "entity", "schedule", "next turn", "last turn", "took", "entities", "now", "error"],
    rows.map(({ feature, entity, schedule, next_turn, run, last_run }) => [
      feature,
      entity,
      schedule,
      next_turn ?? "–",
      last_run?.scheduled_for ?? "–",
      last_run === null ? "–" : duration(last_run.duration_ms),
      last_run === null ? "–" : `${last_run.entities}, ${last_run.failed} failed`,
      run === null ? "waits" : `runs, ${count(run.entities, "entity", "entities")} done`,
      brief(run?.error ?? last_run?.error),
    ]),
  )
}

function toRunTable(runs: readonly ReturnType<typeof toRun>[]): string {
  return table(
    ["turn", "began", "took", "entities", "end", "error"],
    runs.map(({ scheduled_for, started_at, duration_ms, entities, failed, complete, error }) => [
      scheduled_for,
      started_at,
      duration(duration_ms),
      `${entities}, ${failed} failed`,
      complete ? "complete" : "early",
      brief(error, 300),
    ]),
  )
}

const brief = (error: string | null | undefined, length = 60) => (error ?? "").replaceAll(/\s+/g, " ").slice(0, length)

const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())
