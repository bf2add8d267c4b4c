import { type DeadLetterFilter, FabraError } from "@fabra/events"
import { Command } from "commander"
import { type Access, accessSettings, withAccess } from "../access/access.js"
import { defineCommand } from "../command.js"
import { addFilterOptions, type FilterOptions, type Letter, toFilter, toTable } from "../dead-letters.js"
import { exitCodes } from "../exit-codes.js"
import { count, print, say } from "../output.js"

const PAGE = 100
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
    setUp: (command) => addFilterOptions(command).option("--limit <n>", "at most so many", "100"),
    examples: [["fabra dlq list --event-type purchase --reason handler_failed", "some of them"]],
    run: ({ settings, options }) =>
      withAccess(settings, async (access) => {
        const letters: Letter[] = []
        const limit = readLimit(options.limit)
        for await (const page of pages(access, toFilter(options), Math.min(limit, PAGE))) {
          letters.push(...page)
          if (letters.length >= limit) break
        }
        const shown = letters.slice(0, limit)
        print(options.json, shown, () => (shown.length === 0 ? "No dead letters." : toTable(shown)))
      }),
  })

const showCommand = () =>
  defineCommand({
    name: "show <id>",
    summary: "show one dead letter whole: the event, the error and its stack",
    settings: accessSettings,
    examples: [["fabra dlq show 1767225600000-0", "the one of this id"]],
    run: ({ settings, options }, id: string) =>
      withAccess(settings, async ({ deadLetters }) => {
        const letter = await deadLetters.show(id)
        if (letter === undefined) throw new FabraError("not_found", `There is no dead letter ${id}.`)
        print(options.json, letter, () => JSON.stringify(letter, null, 2))
      }),
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
    run: ({ settings, options }, ids: readonly string[]) =>
      withAccess(settings, async (access) => {
        let replayed = 0
        const failed: { id: string; message: string }[] = []
        for await (const some of chosen(access, ids, options)) {
          for (const { id, status, error } of await access.deadLetters.replay(some)) {
            if (status === "replayed") replayed++
            else failed.push({ id, message: error?.message ?? "there is no such dead letter" })
          }
        }
        for (const { id, message } of failed) say(`error: ${id}: ${message}`)
        print(options.json, { replayed, failed }, () => `${count(replayed, "dead letter")} replayed.`)
        if (failed.length > 0) process.exitCode = exitCodes.failed.code
      }),
  })

const discardCommand = () =>
  defineCommand<(typeof accessSettings)[number], SomeOptions>({
    name: "discard [ids...]",
    summary: "take them off the queue for good",
    settings: accessSettings,
    setUp: (command) => addFilterOptions(command).option("--all", "all that the filters leave"),
    examples: [["fabra dlq discard --all --event-type test", "all of one event"]],
    run: ({ settings, options }, ids: readonly string[]) =>
      withAccess(settings, async (access) => {
        let discarded = 0
        for await (const some of chosen(access, ids, options)) discarded += await access.deadLetters.discard(some)
        print(options.json, { discarded }, () => `${count(discarded, "dead letter")} discarded.`)
      }),
  })

/** The ids that are named, or page by page those of all that the filters leave. */
async function* chosen(access: Access, ids: readonly string[], options: SomeOptions): AsyncGenerator<string[]> {
  for (let from = 0; from < ids.length; from += PAGE) yield ids.slice(from, from + PAGE)
  if (ids.length > 0) return
  if (!options.all) throw new FabraError("invalid_argument", "Name dead letters by their ids, or give --all.")
  for await (const page of pages(access, toFilter(options), PAGE)) yield page.map(({ id }) => id)
}

async function* pages(
  { deadLetters }: Access,
  filter: DeadLetterFilter,
  limit: number,
): AsyncGenerator<readonly Letter[]> {
  for (let after: string | null | undefined; after !== null; ) {
    const page = await deadLetters.list(filter, after === undefined ? { limit } : { after, limit })
    if (page.letters.length > 0) yield page.letters
    after = page.next
  }
}

function readLimit(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text)
  throw new FabraError("invalid_argument", `--limit is "${text}": it must be a whole number from 1 on.`)
}
