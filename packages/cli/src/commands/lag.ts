import { accessSettings, withAccess } from "../access/access.js"
import { defineCommand } from "../command.js"
import { count, duration, print, table } from "../output.js"

/** `fabra lag`: how far a group's workers are behind. */
export const lagCommand = () =>
  defineCommand({
    name: "lag",
    summary: "show how far workers are behind, partition by partition",
    details:
      "Workers store their place some seconds after their work, so this counts events of the last\nseconds that are applied already.",
    settings: [...accessSettings, "group"],
    examples: [["fabra lag --group fabra_workers", "of one group"]],
    run: ({ settings, options }) =>
      withAccess(settings, async (access) => {
        const partitions = await access.lag(settings.group)
        const total = partitions.reduce((sum, { events }) => sum + events, 0)
        const oldest = partitions.flatMap(({ oldestAgeMs }) => oldestAgeMs ?? [])
        const oldestMs = oldest.length === 0 ? null : Math.max(...oldest)
        const json = {
          ...{ group: settings.group, events: total, oldest_age_ms: oldestMs },
          partitions: partitions.map(({ partition, events, oldestAgeMs, owner }) => ({
            ...{ partition, events, oldest_age_ms: oldestAgeMs, owner },
          })),
        }
        print(options.json, json, () =>
          [
            table(
              ["partition", "events", "oldest", "worker"],
              partitions.map(({ partition, events, oldestAgeMs, owner }) => [
                ...[
                  String(partition),
                  String(events),
                  oldestAgeMs === null ? "–" : duration(oldestAgeMs),
                  owner ?? "–",
                ],
              ]),
            ),
            `${count(total, "event")} behind${oldestMs === null ? "" : `, the oldest ${duration(oldestMs)} old`}`,
          ].join("\n"),
        )
      }),
  })
