import { Readable } from "node:stream"
import { parseJson } from "../answer/json.js"
import { Problem } from "../answer/problem.js"
import { Framing } from "../body/framing.js"
import type { ServerContext } from "../context.js"
import { ingestBatch, MAX_BATCH, type Outcome, stopper, Tally, toResult } from "./batch.js"
import { type EventFields, readFields } from "./event-fields.js"
import { type Line, linesOf } from "./lines.js"
import { MAX_UNREAD_BYTES, UnreadAnswers } from "./unread.js"

/** A request that is wrong from the start ends here: so many lines more were refused than accepted. */
const MAX_MORE_REFUSED = 1000

/** Each chunk that is read alone costs as much as a few hundred bytes. */
const SMALL_CHUNK = 1024

/** Many requests share the room for results that clients have not read. */
const unread = new UnreadAnswers()

let lastTurn: Promise<unknown> = Promise.resolve()

/**
 * Lines that are refused wait for nothing, so other requests are served between two groups of lines, whosever they are: of many
 * clients that send lines at once each would else have a group in the same turn of the event loop.
 */
function turn(): Promise<unknown> {
  lastTurn = lastTurn.then(() => new Promise(setImmediate))
  return lastTurn
}

/**
 * Takes events line by line as they arrive, and gives a line of result for each, with the number of its line, then one
 * that counts them. Its `done` is false when it stopped early: the bus is full or away, nearly every line is refused, or
 * the server is being closed.
 */
export function ingestLines(context: ServerContext, body: Readable): Readable {
  const answer: Readable = Readable.from(
    results(context, body, () => unread.room(answer)),
    { objectMode: false, highWaterMark: MAX_UNREAD_BYTES },
  )
  unread.add(answer)
  return answer
}

async function* results(context: ServerContext, body: Readable, room: () => Promise<void>): AsyncGenerator<string> {
  const tally = new Tally()
  let last = 0
  const { maxBodyBytes: maxBytes } = context.settings
  const stopped = ({ code, message: detail }: Problem) =>
    `${JSON.stringify({ done: false, ...tally, code, detail, stopped_after_line: last })}\n`
  try {
    for await (const lines of linesOf(wellCut(body), { maxBytes, maxLines: MAX_BATCH })) {
      await turn()
      const outcomes = await ingestBatch(
        context,
        lines.map((line) => () => readLine(line, maxBytes)),
      )
      tally.add(outcomes)
      yield encodeResults(lines, outcomes)
      const stop = stopper(outcomes) ?? wrongFromTheStart(tally) ?? (context.closing.aborted ? closing() : undefined)
      last = lines.at(-1)?.number ?? last
      if (stop !== undefined) {
        yield stopped(stop)
        return
      }
      await room()
    }
    yield `${JSON.stringify({ done: true, ...tally })}\n`
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    yield stopped(error)
    await new Promise(setImmediate) // so that the client hears why
    body.destroy()
  }
}

/** A body as it arrives. @throws Problem when its chunks are too small: it stays open, so that this can be answered */
async function* wellCut(body: Readable): AsyncGenerator<Buffer> {
  const framing = new Framing(body)
  let taken = 0
  for await (const chunk of body) {
    taken += chunk.length
    framing.check(taken)
    yield chunk
    // The parser tells chunks one by one: by the next turn all others that it has are read as one.
    if (chunk.length < SMALL_CHUNK) await new Promise(setImmediate)
  }
}

function encodeResults(lines: readonly Line[], outcomes: readonly Outcome[]): string {
  return outcomes.map((outcome, i) => `${JSON.stringify({ line: lines[i]?.number, ...toResult(outcome) })}\n`).join("")
}

function wrongFromTheStart({ accepted, duplicates, refused }: Tally): Problem | undefined {
  if (refused - accepted - duplicates < MAX_MORE_REFUSED) return undefined
  const all = accepted + duplicates + refused
  const message = `${refused} of ${all} lines were refused. Correct them, then send them and the lines after this one.`
  return new Problem("invalid_event", message)
}

/** @throws Problem `invalid_json`, `invalid_event`, `payload_too_large` */
function readLine({ bytes }: Line, maxBytes: number): EventFields {
  if (bytes === undefined) throw new Problem("payload_too_large", `The line is longer than ${maxBytes} bytes.`)
  return readFields(parseJson(bytes, "The line"))
}

function closing(): Problem {
  return new Problem("closing", "The server is being closed. Send what follows again.")
}
