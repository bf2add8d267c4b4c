import { FabraError } from "@fabra/events"
import { accessSettings, openAccess } from "../access/open-access.js"
import { defineCommand } from "../command.js"
import { documentSettings } from "../project/documents.js"
import { toMs } from "../settings/kinds.js"
import { exitCodes } from "../terminal/exit-codes.js"
import { count, print, say } from "../terminal/output.js"

const settings = [...accessSettings, ...documentSettings] as const

interface EraseFlags {
  readonly index: readonly string[]
  readonly timeout: string
}

const RECORDS = {
  removed: "its record is removed",
  emptied: "its record is emptied; the id stays, with the marks of its events",
  none: "it had no record",
}

/** `fabra erase`: everything that is kept of an entity. */
export const eraseCommand = () =>
  defineCommand<(typeof settings)[number], EraseFlags>({
    name: "erase <entity> <id>",
    summary: "erase an entity: its record, its dead letters, and its documents where an index is named",
    details:
      "Waits until workers have applied its events of before; its later ones start afresh. The log keeps the events\nthemselves until they are trimmed.",
    settings,
    setUp: (command) =>
      command
        .option(
          "--index <names>",
          "indexes in which it has a document under its own id, separated by commas",
          toNames,
          [],
        )
        .option("--timeout <s>", "how long workers may take to catch up, up to 60", "30"),
    examples: [
      ["fabra erase User user_123", "all that is kept of one user"],
      ["fabra erase Document doc_7 --index documents", "its document too"],
    ],
    async run({ settings, options }, entity: string, id: string) {
      const timeoutMs = readTimeout(options.timeout)
      await using access = await openAccess(settings)
      const { record, deadLetters, indexes, groupsBehind } = await access.erase(entity, id, {
        indexes: options.index,
        timeoutMs,
      })
      const erased = { record, dead_letters: deadLetters, indexes, groups_behind: groupsBehind }
      print(options.json, { entity, entity_id: id, ...erased }, () => {
        const documents = indexes.length === 0 ? "" : `, its document removed from ${indexes.join(", ")}`
        return `${entity} ${id}: ${RECORDS[record]}, ${count(deadLetters, "dead letter")} discarded${documents}.`
      })
      if (groupsBehind.length === 0) return
      const who = `Workers of ${groupsBehind.join(", ")} have not applied all its events of before`
      say(`warning: ${who}: they may bring something back. Erase it again once they have caught up.`)
      process.exitCode = exitCodes.failed.code
    },
  })

function toNames(text: string): string[] {
  return text.split(",").filter((name) => name !== "")
}

function readTimeout(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== "" && seconds >= 0 && seconds <= 60) return toMs(seconds)
  throw new FabraError("invalid_argument", `--timeout is "${text}": it must be a number of seconds from 0 to 60.`)
}
