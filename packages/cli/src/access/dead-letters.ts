import type { DeadLetterDetails, DeadLetterSummary } from "@fabra/client"
import { DEAD_LETTER_REASONS, type DeadLetterFilter, type DeadLetterReason } from "@fabra/events"
import { printable } from "@fabra/events/adapter"
import { type Command, Option } from "commander"
import { duration, table } from "../terminal/output.js"

/** Options by which dead letters are chosen. */
export interface FilterOptions {
  readonly eventType?: string
  readonly feature?: string
  readonly entity?: string
  readonly reason?: DeadLetterReason
}

/** Adds those options to a command. */
export function addFilterOptions(command: Command): Command {
  return command
    .option("--event-type <name>", "only of this event")
    .option("--feature <name>", "only where this feature failed")
    .option("--entity <id>", "only of this entity")
    .addOption(new Option("--reason <reason>", "only for this reason").choices(DEAD_LETTER_REASONS))
}

/** The filter that the options ask for. */
export function toFilter({ eventType, feature, entity, reason }: FilterOptions): DeadLetterFilter {
  return { eventType, feature, entityId: entity, reason }
}

/** A dead letter as the HTTP API has it, without the event and the stack, which may be long. */
export function toLetter(entry: DeadLetterSummary) {
  const { id, reason, features, error, attempts, group, partition, position } = entry
  return {
    id,
    reason,
    event_id: entry.eventId ?? null,
    event_type: entry.eventType ?? null,
    entity_id: entry.entityId ?? null,
    entity: entry.entityType ?? null,
    features,
    error: { name: error.name, message: error.message },
    attempts,
    first_failed_at: new Date(entry.firstFailedAt).toISOString(),
    last_failed_at: new Date(entry.lastFailedAt).toISOString(),
    group,
    partition,
    position,
  }
}

/** The same with the event as published, and the stack. */
export function toWholeLetter(entry: DeadLetterDetails) {
  return { ...toLetter(entry), error: entry.error, event: entry.event }
}

/**
 * Dead letters as a table.
 * @param width of the terminal; one that is too narrow has each error on a line of its own
 */
export function toTable(entries: readonly DeadLetterSummary[], width = process.stdout.columns ?? Infinity): string {
  const head = ["id", "event", "entity", "failed", "reason", "tries", "ago", "group"]
  const rows = entries.map(({ id, eventType, entityId, features, reason, attempts, lastFailedAt, group }) => [
    id,
    eventType ?? "?",
    entityId ?? "?",
    features.join(", "),
    reason,
    String(attempts),
    duration(Math.max(0, Date.now() - lastFailedAt)),
    group,
  ])
  const errors = entries.map(({ error }) => printable(error.message.split("\n")[0] ?? ""))
  const whole = table(
    [...head, "error"],
    rows.map((row, i) => [...row, errors[i] ?? ""]),
  )
  if (whole.split("\n").every(({ length }) => length <= width)) return whole
  const lines = table(head, rows, width).split("\n")
  return lines.flatMap((line, i) => (i === 0 ? [line] : [line, cut(`  ${errors[i - 1]}`, width)])).join("\n")
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}
