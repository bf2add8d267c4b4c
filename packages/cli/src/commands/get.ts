import type { ReadInput } from "@fabra/core"
import { FabraError, isPlainObject } from "@fabra/events"
import { accessSettings, withAccess } from "../access/access.js"
import { documentSettings } from "../adapters/documents.js"
import { defineCommand } from "../command.js"
import { brief, print, table } from "../output.js"

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
    run: ({ settings, options }, entity: string, id: string, names: readonly string[]) =>
      withAccess(settings, async (access) => {
        const features = await access.read(entity, id, names, options.input ?? {})
        print(options.json, { entity, entity_id: id, features }, () =>
          table(
            ["feature", "value", "status", "event time", "computed at"],
            Object.entries(features).map(([name, { value, status, event_time, computed_at }]) => [
              ...[name, status === "MISSING" ? "–" : brief(value), status, event_time ?? "–", computed_at ?? "–"],
            ]),
          ),
        )
      }),
  })

function readInput(text: string): ReadInput {
  try {
    const input: unknown = JSON.parse(text)
    if (isPlainObject(input)) return input
  } catch {}
  throw new FabraError("invalid_argument", "--input must be a JSON object.")
}
