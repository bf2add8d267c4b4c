import type { ScheduledHandler } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { ScheduleBook, type ScheduleState } from "@fabra/worker"
import { Command } from "commander"
import { adapterSettings, openAdapters } from "../adapters/adapters.js"
import { defineCommand } from "../command.js"
import { findFeatures, loadFeatures } from "../features-file.js"
import { count, duration, print, table } from "../output.js"

/** `fabra schedule`: what is computed on schedule. */
export function scheduleCommand(): Command {
  return new Command("schedule").description("look at what is computed on schedule").addCommand(listCommand())
}

const listCommand = () =>
  defineCommand({
    name: "list [file]",
    summary: "list the features that are computed on schedule, their last run and their next turn",
    settings: ["features", ...adapterSettings],
    examples: [["fabra schedule list features.ts", "as workers on FABRA_REDIS_URL have noted it"]],
    async run({ settings, options }, file?: string) {
      if (settings.redisUrl === undefined) {
        const message = "What workers note of schedules is beside the feature values: set FABRA_REDIS_URL."
        throw new FabraError("invalid_setting", message, { path: "FABRA_REDIS_URL" })
      }
      const { store } = await loadFeatures(findFeatures(file ?? settings.features))
      const adapters = await openAdapters(settings)
      try {
        const book = new ScheduleBook(adapters.cache)
        const handlers = [...store.registry.scheduledHandlers.values()]
        const rows = await Promise.all(
          handlers.map(async (handler) => toRow(handler, (await book.read(handler.feature.name)).state)),
        )
        print(options.json, rows, () => (rows.length === 0 ? "Nothing is computed on schedule." : toTable(rows)))
      } finally {
        await adapters.close()
      }
    },
  })

type Row = ReturnType<typeof toRow>

function toRow({ feature, schedule }: ScheduledHandler, { run, turn, history }: ScheduleState) {
  const [last] = history
  return {
    ...{ feature: feature.name, entity: feature.entity.name, schedule: schedule.text },
    next_turn: iso(schedule.nextAfter(Date.now())),
    run: run && {
      ...{ scheduled_for: iso(turn), started_at: iso(run.startedAt), owner: run.owner },
      ...{ entities: run.entities, failed: run.failed, error: run.error },
    },
    last_run: last
      ? {
          ...{ scheduled_for: iso(last.scheduledFor), started_at: iso(last.startedAt), duration_ms: took(last) },
          ...{ entities: last.entities, failed: last.failed, error: last.error },
        }
      : null,
  }
}

function toTable(rows: readonly Row[]): string {
  return table(
    ["feature", "entity", "schedule", "next turn", "last turn", "took", "entities", "now", "error"],
    rows.map(({ feature, entity, schedule, next_turn, run, last_run }) => [
      ...[feature, entity, schedule, next_turn ?? "–", last_run?.scheduled_for ?? "–"],
      last_run === null ? "–" : duration(last_run.duration_ms),
      last_run === null ? "–" : `${last_run.entities}, ${last_run.failed} failed`,
      run === null ? "waits" : `runs, ${count(run.entities, "entity", "entities")} done`,
      (run?.error ?? last_run?.error ?? "").replaceAll(/\s+/g, " ").slice(0, 60),
    ]),
  )
}

const took = ({ startedAt, finishedAt }: { readonly startedAt: number; readonly finishedAt: number }) =>
  Math.max(0, finishedAt - startedAt)

const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())
