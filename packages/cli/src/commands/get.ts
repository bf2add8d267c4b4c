import { accessSettings, withAccess } from "../access/access.js"
import { defineCommand } from "../command.js"
import { brief, print, table } from "../output.js"

/** `fabra get`: the features of an entity as they are now. */
export const getCommand = () =>
  defineCommand({
    name: "get <entity> <id> [names...]",
    summary: "read the features of an entity",
    settings: accessSettings,
    examples: [
      ["fabra get User user_123", "all its features"],
      ["fabra get User user_123 total_purchases --json", "one, for a program"],
    ],
    run: ({ settings, options }, entity: string, id: string, names: readonly string[]) =>
      withAccess(settings, async (access) => {
        const features = await access.read(entity, id, names)
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
