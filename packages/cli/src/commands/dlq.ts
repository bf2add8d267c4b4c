import type { DeadLetterSummary } from "@fabra/client"
import { type DeadLetterFilter, FabraError } from "@fabra/events"
import { printable } from "@fabra/events/adapter"
import { Command } from "commander"
import type { Access } from "../access/access.js"
import {
  addFilterOptions,
  type FilterOptions,
  toFilter,
  toLetter,
  toTable,
  toWholeLetter,
} from "../access/dead-letters.js"
import { accessSettings, openAccess } from "../access/open-access.js"
import { defineCommand } from "../command.js"
import { exitCodes } from "../terminal/exit-codes.js"
import { count, print, say } from "../terminal/output.js"

const MAX_PAGE = 1_000
type SomeOptions = FilterOptions & { readonly all?: boolean }

/** `fabra dlq`: what failed for good. */
export function dlqCommand(): Command {
  const dlq = new Command("dlq").description("look at what failed for good, and replay or discard it")
  for (const command of [listCommand(), showCommand(), replayCommand(), discardCommand()]) dlq.addCommand(command)
  return dlq
}

const listCommand = () =>
  defineCommand<(typeof accessSettings)[number], FilterOptions & { readonly limit: string }>({
    name: "list",
    summary: "list dead letters, oldest first",
    settings: accessSettings,
    setUp: (command) => addFilterOptions(command).option("--limit <n>", "list at most this many", "100"),
    examples: [["fabra dlq list --event-type purchase --reason handler_failed", "some of them"]],
    async run({ settings, options }) {
      const limit = readLimit(options.limit)
      await using access = await openAccess(settings)
      const { entries, hasMore } = await first(limit, access, toFilter(options))
      if (hasMore) say(`There are more than these ${limit.toLocaleString("en")}, the oldest: give a larger --limit.`)
      print(options.json, entries.map(toLetter), () => (entries.length === 0 ? "No dead letters." : toTable(entries)))
    },
  })

const showCommand = () =>
  defineCommand({
    name: "show <id>",
    summary: "show one dead letter whole: the event, the error and its stack",
    settings: accessSettings,
    examples: [["fabra dlq show 1767225600000-0", "the one of this id"]],
    async run({ settings, options }, id: string) {
      await using access = await openAccess(settings)
      const entry = await access.deadLetters.get(id)
      if (entry === undefined) throw new FabraError("not_found", `There is no dead letter ${id}.`)
      const letter = toWholeLetter(entry)
      print(options.json, letter, () => JSON.stringify(letter, null, 2))
    },
  })

const replayCommand = () =>
  defineCommand<(typeof accessSettings)[number], SomeOptions>({
    name: "replay [ids...]",
    summary: "publish them again, aimed at the features that failed, and take them off the queue",
    settings: accessSettings,
    setUp: (command) => addFilterOptions(command).option("--all", "all that the filters leave, oldest first"),
    examples: [
      ["fabra dlq replay 1767225600000-0", "one"],
      ["fabra dlq replay --all --feature total_purchases", "all where this feature failed"],
    ],
    async run({ settings, options }, ids: readonly string[]) {
      const isAll = meansAll(ids, options)
      await using access = await openAccess(settings)
      const { deadLetters } = access
      const outcomes = await (isAll ? deadLetters.replayAll(toFilter(options)) : deadLetters.replay(ids))
      const failed = outcomes
        .filter(({ status }) => status !== "replayed")
        .map(({ id, error }) => ({ id, message: error?.message ?? "there is no such dead letter" }))
      const replayed = outcomes.length - failed.length
      for (const { id, message } of failed) say(printable(`error: ${id}: ${message}`))
      print(options.json, { replayed, failed }, () => `${count(replayed, "dead letter")} replayed.`)
      if (failed.length > 0) process.exitCode = exitCodes.failed.code
    },
  })

const discardCommand = () =>
  defineCommand<(typeof accessSettings)[number], SomeOptions>({
    name: "discard [ids...]",
    summary: "take them off the queue for good",
    settings: accessSettings,
    setUp: (command) => addFilterOptions(command).option("--all", "all that the filters leave"),
    examples: [["fabra dlq discard --all --event-type test", "all of one event"]],
    async run({ settings, options }, ids: readonly string[]) {
      const isAll = meansAll(ids, options)
      await using access = await openAccess(settings)
      const { deadLetters } = access
      const discarded = await (isAll ? deadLetters.discardAll(toFilter(options)) : deadLetters.discard(ids))
      print(options.json, { discarded }, () => `${count(discarded, "dead letter")} discarded.`)
    },
  })

/** Whether all that the filters leave are meant, and not those that are named. @throws FabraError `invalid_argument` */
function meansAll(ids: readonly string[], { all = false }: SomeOptions): boolean {
  if (ids.length > 0 || all) return ids.length === 0
  throw new FabraError("invalid_argument", "Name dead letters by their ids, or give --all.")
}

/** The oldest of those that match, asked for page by page. */
async function first(
  limit: number,
  { deadLetters }: Access,
  filter: DeadLetterFilter,
): Promise<{ readonly entries: DeadLetterSummary[]; readonly hasMore: boolean }> {
  const entries: DeadLetterSummary[] = []
  let after: string | null | undefined
  while (after !== null && entries.length < limit) {
    const page = await deadLetters.list(filter, { after, limit: Math.min(limit - entries.length, MAX_PAGE) })
    entries.push(...page.entries)
    after = page.next
  }
  return { entries, hasMore: after !== null }
}

function readLimit(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text)
  throw new FabraError("invalid_argument", `--limit is "${text}": it must be a whole number from 1 on.`)
}
