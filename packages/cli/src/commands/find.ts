import type { EntityMatches } from "@fabra/client"
import type { MetadataFilter } from "@fabra/core"
import { accessSettings, openAccess } from "../access/open-access.js"
import { defineCommand } from "../command.js"
import { documentSettings } from "../project/documents.js"
import { wholeNumber } from "../settings/kinds.js"
import { brief, count, print, say, table } from "../terminal/output.js"
import { toReading } from "./get.js"
import { readFilter } from "./search.js"

const settings = [...accessSettings, ...documentSettings] as const

interface FindFlags {
  readonly filter: MetadataFilter
  readonly limit: number
}

/** `fabra find`: the entities whose values match. */
export const findCommand = () =>
  defineCommand<(typeof settings)[number], FindFlags>({
    name: "find <entity> [names...]",
    summary: "find the entities whose values match a filter",
    details: "There is no index of values: every entity is looked at, until as many are found as are asked for.",
    settings,
    setUp: (command) =>
      command
        .requiredOption("--filter <json>", "what the values of features must be", readFilter)
        .option("--limit <n>", "list at most this many", wholeNumber(1, 1_000_000).read, 100),
    examples: [
      [`fabra find Account --filter '{"risk_score": {"$gte": 80}}'`, "accounts at risk"],
      [
        `fabra find User plan --filter '{"total_purchases": {"$gt": 10}}' --json`,
        "with another feature, for a program",
      ],
    ],
    async run({ settings, options: { filter, limit, json } }, entity: string, names: readonly string[]) {
      await using access = await openAccess(settings)
      const rows: EntityMatches["rows"][number][] = []
      let scanned = 0
      let after: string | null | undefined
      while (after !== null && rows.length < limit) {
        const page: EntityMatches = await access.find(entity, { filter, names, after })
        rows.push(...page.rows)
        scanned += page.scanned
        after = page.next
      }
      const found = rows.slice(0, limit)
      const hasMore = after !== null || rows.length > limit
      const wire = found.map(({ entityId, features }) => ({
        entity_id: entityId,
        features: Object.fromEntries(Object.entries(features).map(([name, value]) => [name, toReading(value)])),
      }))
      print(json, { entity, rows: wire, scanned }, () => (wire.length === 0 ? "None matches." : toTable(wire)))
      const looked = `${count(scanned, "entity", "entities")} looked at`
      if (!json) say(hasMore ? `${looked}; there may be more: give a larger --limit.` : `${looked}, all there are.`)
    },
  })

function toTable(
  rows: readonly { entity_id: string; features: Record<string, { readonly value: unknown }> }[],
): string {
  const names = Object.keys(rows[0]?.features ?? {})
  const cells = rows.map(({ entity_id, features }) => [entity_id, ...names.map((name) => brief(features[name]?.value))])
  return table(["id", ...names], cells)
}
