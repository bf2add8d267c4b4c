import { Readable } from "node:stream"
import { parseJson } from "../answer/json.js"
import { Problem } from "../answer/problem.js"
import type { ServerContext } from "../context.js"
import { ingestBatch, MAX_BATCH, type Outcome, stopper, Tally, toResult } from "./batch.js"
import { type EventFields, readFields } from "./event-fields.js"
import { type Line, linesOf } from "./lines.js"

/**
 * How many bytes of results wait for a client that does not read them yet: many send all before they read anything, and
 * if we stopped reading then, both would wait for ever.
 */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

/**
 * Takes events line by line as they arrive, and gives a line of result for each, with the number of its line, then one
 * that counts them. Its `done` is false when it stopped early: the bus is full or away, or the server is being closed.
 */
export function ingestLines(context: ServerContext, body: AsyncIterable<Buffer>): Readable {
  return Readable.from(results(context, body), { objectMode: false, highWaterMark: MAX_UNREAD_BYTES })
}

async function* results(context: ServerContext, body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const tally = new Tally()
  for await (const arrived of linesOf(body, context.settings.maxBodyBytes)) {
    const lines = arrived.filter(({ bytes }) => bytes === undefined || bytes.some((byte) => !isSpace(byte)))
    for (let i = 0; i < lines.length; i += MAX_BATCH) {
      const batch = lines.slice(i, i + MAX_BATCH)
      const outcomes = await ingestBatch(
        context,
        batch.map((line) => () => readLine(line, context.settings.maxBodyBytes)),
      )
      tally.add(outcomes)
      yield spell(batch, outcomes)
      const stop = stopper(outcomes) ?? (context.closing.aborted ? closing() : undefined)
      if (stop !== undefined) {
        const { code, message: detail } = stop
        const last = batch.at(-1)?.number
        yield `${JSON.stringify({ done: false, ...tally, code, detail, stopped_after_line: last })}\n`
        return
      }
    }
  }
  yield `${JSON.stringify({ done: true, ...tally })}\n`
}

function spell(lines: readonly Line[], outcomes: readonly Outcome[]): string {
  return outcomes.map((outcome, i) => `${JSON.stringify({ line: lines[i]?.number, ...toResult(outcome) })}\n`).join("")
}

/** @throws Problem `invalid_json`, `invalid_event`, `payload_too_large` */
function readLine({ bytes }: Line, maxBytes: number): EventFields {
  if (bytes === undefined) throw new Problem("payload_too_large", `The line is longer than ${maxBytes} bytes.`)
  return readFields(parseJson(bytes, "The line"))
}

function closing(): Problem {
  return new Problem("closing", "The server is being closed. Send what follows again.")
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d
}
