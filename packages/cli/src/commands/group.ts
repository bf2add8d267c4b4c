import { type DeadLetterPage, discardAll, FabraError } from "@fabra/events"
import { totalLag } from "@fabra/events/adapter"
import type { FeatureOwners, handOver } from "@fabra/worker"
import { Command } from "commander"
import { defineCommand } from "../command.js"
import { type AdapterSettings, type Adapters, adapterSettings, onRedis } from "../project/adapters.js"
import { Closing } from "../project/closing.js"
import { openAdapters } from "../project/open-adapters.js"
import { count, duration, print, table } from "../terminal/output.js"

/** `fabra group`: the consumer groups of a bus. */
export function groupCommand(): Command {
  return new Command("group")
    .description("look at the consumer groups, remove one, or give what it computes to another")
    .addCommand(listCommand())
    .addCommand(removeCommand())
    .addCommand(handOverCommand())
}

const listCommand = () =>
  defineCommand({
    name: "list",
    summary: "list the groups: how far each is behind, and what it computes",
    details: "A group that nobody uses any more keeps the bus from dropping events: see `fabra group remove`.",
    settings: adapterSettings,
    examples: [["fabra group list", "of the bus on FABRA_REDIS_URL"]],
    run: ({ settings, options }) =>
      withGroups(settings, async ({ bus, owners }) => {
        const rows = await Promise.all(
          (await bus.groups()).map(async (group) => {
            const [lags, features] = await Promise.all([bus.lag(group), owners.of(group)])
            const workers = new Set(lags.flatMap(({ owner }) => owner ?? [])).size
            const { events, oldestAgeMs } = totalLag(lags)
            return { group, workers, events, oldest_age_ms: oldestAgeMs, features }
          }),
        )
        print(options.json, rows, () =>
          rows.length === 0 ? "There is no group: no worker has run yet." : toTable(rows),
        )
      }),
  })

const removeCommand = () =>
  defineCommand<(typeof adapterSettings)[number], { readonly features?: boolean; readonly deadLetters?: boolean }>({
    name: "remove <group>",
    summary: "remove a group that is not used any more, so that the bus drops what only it has not applied",
    details:
      "Feature values stay; so do the group's dead letters, which are counted, without --dead-letters. A group that computes features is removed with --features only: another group that computes\nthem later begins with the oldest event that the bus holds, and applies again what this one has.",
    settings: adapterSettings,
    setUp: (command) =>
      command
        .option("--features", "also if it computes features, which have no owner then")
        .option("--dead-letters", "discard its dead letters, too"),
    examples: [
      ["fabra group remove old_workers", "once its workers are stopped"],
      ["fabra group remove old_workers --features", "its features are gone for good, too"],
    ],
    run: ({ settings, options }, group: string) =>
      withGroups(settings, async ({ bus, owners }) => {
        const owned = await owners.of(group)
        if (owned.length > 0 && !options.features) throw computes(group, owned)
        const removed = await bus.removeGroup(group)
        const features = await owners.release(group)
        const letters = await deadLettersOf(group, bus)
        if (!removed && features.length === 0 && letters === 0) throw await unknown(group, bus)
        const discarded = options.deadLetters ? await discardAll(bus.deadLetters, { group }) : 0
        print(options.json, { group, removed, features, dead_letters: letters - discarded, discarded }, () =>
          [
            `Group "${group}" is removed.`,
            ...(features.length === 0 ? [] : [`It computes ${count(features.length, "feature")} no more.`]),
            ...(discarded === 0 ? [] : [`${count(discarded, "dead letter")} discarded.`]),
            ...(letters <= discarded ? [] : [lettersStay(group, letters - discarded)]),
          ].join(" "),
        )
      }),
  })

const handOverCommand = () =>
  defineCommand({
    name: "hand-over <from> <to>",
    summary: "give what a group computes, and its place among the events, to a new group",
    details:
      "For a group that is to have another name: every event is applied once, by the one or the other. Its workers must have\napplied all events and be stopped, and its dead letters be gone. If it is interrupted, run it again.",
    settings: adapterSettings,
    examples: [["fabra group hand-over fabra_workers shop_workers", "then start workers with --group shop_workers"]],
    run: ({ settings, options }, from: string, to: string) =>
      withGroups(settings, async ({ bus, cache, handOver }) => {
        const features = await handOver({ bus, cache, from, to })
        print(
          options.json,
          { from, to, features },
          () => `Group "${to}" computes ${count(features.length, "feature")} from now on: ${features.join(", ")}.`,
        )
      }),
  })

/** Bus and cache as the group commands use them. */
interface Groups extends Pick<Adapters, "bus" | "cache"> {
  readonly owners: FeatureOwners
  readonly handOver: typeof handOver
}

async function withGroups(settings: AdapterSettings, work: (groups: Groups) => Promise<void>): Promise<void> {
  await using closing = new Closing()
  const { bus, cache } = await openAdapters(onRedis(settings), closing)
  const { FeatureOwners, handOver } = await import("@fabra/worker") // loads what computes
  await work({ bus, cache, owners: new FeatureOwners(cache), handOver })
}

function toTable(
  rows: readonly {
    readonly group: string
    readonly workers: number
    readonly events: number
    readonly oldest_age_ms: number | null
    readonly features: readonly string[]
  }[],
): string {
  return table(
    ["group", "workers", "events behind", "oldest", "computes"],
    rows.map(({ group, workers, events, oldest_age_ms, features }) => [
      group,
      String(workers),
      String(events),
      oldest_age_ms === null ? "–" : duration(oldest_age_ms),
      features.length > 3 ? `${features.slice(0, 3).join(", ")} and ${features.length - 3} more` : features.join(", "),
    ]),
  )
}

/** How many dead letters a group has in the queue. */
async function deadLettersOf(group: string, { deadLetters }: Adapters["bus"]): Promise<number> {
  let letters = 0
  let after: string | null = null
  do {
    const page: DeadLetterPage = await deadLetters.list({ group }, { limit: 1_000, after: after ?? undefined })
    letters += page.entries.length
    after = page.next
  } while (after !== null)
  return letters
}

function lettersStay(group: string, letters: number): string {
  const those = letters === 1 ? "Its dead letter stays" : `Its ${letters} dead letters stay`
  return `${those}, though nobody applies them when they are replayed. To discard: \`fabra group remove ${group} --dead-letters\`.`
}

function computes(group: string, features: readonly string[]): FabraError {
  return new FabraError(
    "invalid_argument",
    `Group "${group}" computes ${features.slice(0, 5).join(", ")}${features.length > 5 ? ", …" : ""}. To give them to a ` +
      `new group: \`fabra group hand-over ${group} <to>\`. If nobody is to compute them any more: --features.`,
    { path: "group" },
  )
}

async function unknown(group: string, bus: Adapters["bus"]): Promise<FabraError> {
  const allowed = await bus.groups()
  const those = allowed.length === 0 ? "There is none." : `There are ${allowed.join(", ")}.`
  return new FabraError("not_found", `There is no group "${group}". ${those}`, { allowed })
}
