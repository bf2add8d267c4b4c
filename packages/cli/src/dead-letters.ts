import { DEAD_LETTER_REASONS, type DeadLetter, type DeadLetterFilter, type DeadLetterReason } from "@fabra/events"
import { type Command, Option } from "commander"
import { duration, table } from "./output.js"

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

/** The filter that the options spell. */
export function toFilter({ eventType, feature, entity, reason }: FilterOptions): DeadLetterFilter {
  return {
    ...(eventType === undefined ? {} : { eventType }),
    ...(feature === undefined ? {} : { feature }),
    ...(entity === undefined ? {} : { entityId: entity }),
    ...(reason === undefined ? {} : { reason }),
  }
}

/** A dead letter as it leaves the process, here and over HTTP. */
export interface Letter {
  readonly id: string
  readonly reason: string
  readonly event_id: string | null
  readonly event_type: string | null
  readonly entity_id: string | null
  readonly entity: string | null
  readonly features: readonly string[]
  readonly error: { readonly name: string; readonly message: string; readonly stack?: string }
  readonly attempts: number
  readonly first_failed_at: string
  readonly last_failed_at: string
  readonly group: string
  readonly partition: number
  readonly position: string
}

/** One with its event as published (its text where that is no JSON) and the stack of its error. */
export interface ShownLetter extends Letter {
  readonly event: unknown
}

/** Spells a dead letter, without the event and the stack, which may be long. */
export function toLetter(entry: DeadLetter): Letter {
  const { id, reason, features, error, attempts, group, partition, position } = entry
  return {
    ...{ id, reason, event_id: entry.eventId ?? null, event_type: entry.eventType ?? null },
    ...{ entity_id: entry.entityId ?? null, entity: entry.entityType ?? null },
    ...{ features, error: { name: error.name, message: error.message }, attempts },
    first_failed_at: new Date(entry.firstFailedAt).toISOString(),
    last_failed_at: new Date(entry.lastFailedAt).toISOString(),
    ...{ group, partition, position },
  }
}

/** Spells a dead letter whole. */
export function toShownLetter(entry: DeadLetter): ShownLetter {
  return { ...toLetter(entry), error: entry.error, event: readEvent(entry.data) }
}

function readEvent(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

/** Dead letters as a table. */
export function toTable(letters: readonly Letter[], now = Date.now()): string {
  return table(
    ["id", "event", "entity", "failed", "reason", "tries", "ago", "error"],
    letters.map(({ id, event_type, entity_id, features, reason, attempts, last_failed_at, error }) => [
      ...[id, event_type ?? "?", entity_id ?? "?", features.join(", "), reason, String(attempts)],
      duration(Math.max(0, now - Date.parse(last_failed_at))),
      error.message.split("\n")[0] ?? "",
    ]),
  )
}
