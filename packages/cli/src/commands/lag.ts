import { totalLag } from "@fabra/events/adapter"
import { accessSettings, openAccess } from "../access/open-access.js"
import { defineCommand } from "../command.js"
import { count, duration, print, table } from "../terminal/output.js"

/** `fabra lag`: how far a group's workers are behind. */
export const lagCommand = () =>
  defineCommand({
    name: "lag",
    summary: "show how far workers are behind, partition by partition",
    details:
      "Workers store their place some seconds after their work, so this counts events of the last\nseconds that are applied already. In quarantine are events that the worker notes before it runs\nthem, since the last owner of their partition died.",
    settings: [...accessSettings, "group"],
    examples: [["fabra lag --group fabra_workers", "of one group"]],
    async run({ settings: { group, ...settings }, options }) {
      await using access = await openAccess(settings)
      const partitions = await access.lag(group)
      const { events, oldestAgeMs: oldestMs } = totalLag(partitions)
      const rows = partitions.map(({ oldestAgeMs, ownedMs, ...same }) => {
        return { ...same, oldest_age_ms: oldestAgeMs, owned_ms: ownedMs }
      })
      print(options.json, { group, events, oldest_age_ms: oldestMs, partitions: rows }, () => {
        const cells = partitions.map(({ partition, events, oldestAgeMs, owner, ownedMs, quarantined }) => [
          String(partition),
          String(events),
          oldestAgeMs === null ? "–" : duration(oldestAgeMs),
          String(quarantined),
          owner ?? "–",
          ownedMs === null ? "–" : duration(ownedMs),
        ])
        const sum = `${count(events, "event")} behind${oldestMs === null ? "" : `, the oldest ${duration(oldestMs)} old`}`
        return `${table(["partition", "events", "oldest", "quarantine", "worker", "for"], cells)}\n${sum}`
      })
    },
  })
