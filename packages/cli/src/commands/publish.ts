import { createReadStream, statSync } from "node:fs"
import type { Readable } from "node:stream"
import { FabraError, parseEvent } from "@fabra/events"
import { printable } from "@fabra/events/adapter"
import { type Command, Option } from "commander"
import { accessSettings, openAccess } from "../access/open-access.js"
import { defineCommand } from "../command.js"
import { publishAll } from "../publish/publish-all.js"
import type { Format } from "../publish/rows.js"
import { exitCodes } from "../terminal/exit-codes.js"
import { count, print, say } from "../terminal/output.js"
import { stopSignal } from "../terminal/shutdown.js"

interface Options {
  readonly entity?: string
  readonly payload?: string
  readonly timestamp?: string
  readonly eventId?: string
  readonly file?: string
  readonly format?: Format
}

const SHOWN = 10

/** `fabra publish`: one event, or those of a file. */
export const publishCommand = () =>
  defineCommand<(typeof accessSettings)[number], Options>({
    name: "publish [event-type]",
    summary: "publish one event, or many from a file or standard input",
    details:
      'A file holds a JSON object on each line ({"event_type", "entity_id", "payload"?, "timestamp"?,\n"event_id"?}), or is a table with a header, where every column that is none of these names is a\nfield of the payload.',
    settings: accessSettings,
    setUp: addOptions,
    examples: [
      [`fabra publish purchase --entity user_123 --payload '{"amount": 99.99}'`, "one event"],
      ["fabra publish --file events.ndjson", "a file, each line with its event_type"],
      ["fabra publish purchase --file purchases.csv", "a table with the columns entity_id, amount, product_id"],
      ["generate | fabra publish --file -", "standard input"],
    ],
    run: async ({ settings, options }, eventType?: string) => {
      const { entity, payload, timestamp, eventId, file, json } = options
      if ((entity === undefined) === (file === undefined)) {
        throw new FabraError(
          "invalid_argument",
          "Give --entity for one event, or --file for many (- is standard input).",
        )
      }
      await using access = await openAccess(settings)
      if (file !== undefined) return await publishFile(access, file, options, eventType)
      const event = parseEvent({
        event_type: eventType,
        entity_id: entity,
        payload: payload === undefined ? {} : readPayload(payload),
        ...(timestamp === undefined ? {} : { timestamp: toTime(timestamp) }),
        ...(eventId === undefined ? {} : { event_id: eventId }),
      })
      const [result] = await access.publish([event])
      if (!result?.ok) throw result?.error ?? new FabraError("internal", "There was no answer for the event.")
      const { duplicate } = result
      print(json, { event_id: result.eventId, duplicate }, () =>
        duplicate ? `${result.eventId} was there already; nothing was added.` : `Published ${result.eventId}.`,
      )
    },
  })

function addOptions(command: Command): void {
  command
    .option("--entity <id>", "the entity it happened to")
    .option("--payload <json>", "what the event says; default {}")
    .option("--timestamp <time>", "when it happened: ISO 8601, or seconds or milliseconds since 1970; default now")
    .option("--event-id <id>", "its identity: published twice, it is taken once; default a new one")
    .option("--file <file>", "a file of events; - is standard input")
    .addOption(
      new Option("--format <format>", "how the file is written; default by its name, ndjson for others").choices([
        "ndjson",
        "csv",
      ]),
    )
}

async function publishFile(
  access: Parameters<typeof publishAll>[0],
  file: string,
  { format, json }: Options & { readonly json: boolean },
  eventType: string | undefined,
): Promise<void> {
  const [input, bytes] = openFile(file)
  const [{ startProgress }, { readRows }] = await Promise.all([
    import("../publish/progress.js"),
    import("../publish/rows.js"),
  ])
  const progress = startProgress(bytes)
  const { meter } = progress
  const end = () => {
    input.unpipe(meter).destroy()
    meter.end()
  }
  input.on("error", (error) => meter.destroy(error))
  const stop = stopSignal()
  stop.addEventListener("abort", end)
  const rows = readRows(input.pipe(meter), format ?? (/\.csv$/i.test(file) ? "csv" : "ndjson"), eventType)
  const outcome = await publishAll(access, rows, end, progress.update).finally(() => progress.stop())
  for (const { line, message } of outcome.refusals.slice(0, SHOWN)) say(printable(`error: line ${line}: ${message}`))
  if (outcome.refused > SHOWN) say(`… and ${(outcome.refused - SHOWN).toLocaleString("en")} more`)
  const { published, duplicates, refused } = outcome
  print(json, outcome, () => {
    const told = [`${count(published, "event")} published`]
    if (duplicates > 0) told.push(`${duplicates.toLocaleString("en")} there already`)
    if (refused > 0) told.push(`${refused.toLocaleString("en")} refused`)
    return `${told.join(", ")}.`
  })
  if (stop.aborted) say("Stopped before the end of the file.")
  if (refused > 0 || stop.aborted) process.exitCode = exitCodes.failed.code
}

function openFile(file: string): readonly [Readable, number] {
  if (file === "-") return [process.stdin, 0]
  try {
    return [createReadStream(file), statSync(file).size]
  } catch {
    throw new FabraError("invalid_argument", `There is no file ${file}.`, { path: "--file" })
  }
}

function readPayload(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FabraError("invalid_argument", `--payload is not JSON: ${(error as Error).message}.`, { cause: error })
  }
}

/** On a command line a number is text too. */
function toTime(text: string): string | number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text
}
