import type { FeatureValue, ReadInput } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { isPlainObject } from "@fabra/events/adapter"
import { accessSettings, openAccess } from "../access/open-access.js"
import { defineCommand } from "../command.js"
import { documentSettings } from "../project/documents.js"
import { brief, print, table } from "../terminal/output.js"

const settings = [...accessSettings, ...documentSettings] as const

/** `fabra get`: the features of an entity as they are now. */
export const getCommand = () =>
  defineCommand<(typeof settings)[number], { readonly input?: ReadInput }>({
    name: "get <entity> <id> [names...]",
    summary: "read the features of an entity",
    settings,
    setUp: (command) =>
      command.option("--input <json>", "what features that are computed with the read may need to know", readInput),
    examples: [
      ["fabra get User user_123", "all its features"],
      ["fabra get User user_123 total_purchases --json", "one, for a program"],
      [`fabra get User user_123 fits_budget --input '{"amount": 99.99}'`, "one that is computed from it"],
    ],
    async run({ settings, options }, entity: string, id: string, names: readonly string[]) {
      await using access = await openAccess(settings)
      const read = Object.entries(await access.read(entity, id, names, options.input))
      const features = Object.fromEntries(read.map(([name, value]) => [name, toReading(value)]))
      print(options.json, { entity, entity_id: id, features }, () =>
        table(
          ["feature", "value", "status", "event time", "computed at"],
          Object.entries(features).map(([name, { value, status, event_time, computed_at }]) => [
            name,
            status === "MISSING" ? "–" : brief(value),
            status,
            event_time ?? "–",
            computed_at ?? "–",
          ]),
        ),
      )
    },
  })

/** A value as the HTTP API has it. */
export function toReading({ value, status, eventTime, computedAt }: FeatureValue<unknown>) {
  return {
    value: value ?? null,
    status,
    event_time: eventTime?.toISOString() ?? null,
    computed_at: computedAt?.toISOString() ?? null,
  }
}

function readInput(text: string): ReadInput {
  try {
    const input: unknown = JSON.parse(text)
    if (isPlainObject(input)) return input
  } catch {}
  throw new FabraError("invalid_argument", "--input must be a JSON object.")
}
