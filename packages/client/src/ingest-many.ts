import { FabraApiError } from "./api-error.js"
import type { CallOptions } from "./options.js"
import { parseAnswer, type Transport } from "./transport.js"
import type { IngestResult } from "./types.js"
import { type AnyEvent, newEventId, toWire } from "./wire.js"

/** Most events of one request, and about how many characters. */
const MAX_EVENTS = 1000
const MAX_CHARACTERS = 1024 * 1024
/** The status of what makes a server stop before the last event: it is full, away or being closed. */
const STOPPED = 503

interface Pending {
  readonly index: number
  readonly eventId: string
  readonly line: string
}

/**
 * Sends events in requests of some hundred, in order; what was not taken is sent again, under the same ids. When that
 * does not help, those that follow are not tried, for they would only come before it.
 */
export async function ingestMany(
  transport: Transport,
  events: readonly (AnyEvent & { readonly eventType: string })[],
  { signal }: CallOptions,
): Promise<IngestResult[]> {
  const results: IngestResult[] = []
  const all = events.map((event, index): Pending => {
    const eventId = event.eventId ?? newEventId()
    return { index, eventId, line: `${JSON.stringify(toWire(event, eventId, event.eventType))}\n` }
  })
  for (let start = 0; start < all.length; ) {
    const batch = batchFrom(all, start)
    start += batch.length
    const error = await sendBatch(transport, batch, results, signal)
    if (error === undefined) continue
    for (const { index, eventId } of all) results[index] ??= { ok: false, eventId, error }
    break
  }
  return results
}

function batchFrom(all: readonly Pending[], start: number): Pending[] {
  let end = start
  for (let size = 0; end < all.length && end - start < MAX_EVENTS; end++) {
    size += all[end]?.line.length ?? 0
    if (size > MAX_CHARACTERS && end > start) break
  }
  return all.slice(start, end)
}

/** Sends a batch until each event is taken or refused for good; returns the error that it failed with otherwise. */
async function sendBatch(
  transport: Transport,
  batch: readonly Pending[],
  results: IngestResult[],
  signal: AbortSignal | undefined,
): Promise<FabraApiError | undefined> {
  let pending = batch
  try {
    await transport.retrying(signal, async () => {
      const body = pending.map(({ line }) => line).join("")
      const text = await transport.once({ path: "/ingest", contentType: "application/x-ndjson", body, signal })
      const [answers, rest] = answersOf(text)
      const trouble: FabraApiError[] = []
      pending = pending.filter((one, i) => {
        const error = settle(one, answers.get(i + 1) ?? rest, results)
        if (error !== undefined) trouble.push(error)
        return error !== undefined
      })
      if (trouble[0] !== undefined) throw trouble[0]
    })
    return undefined
  } catch (error) {
    return error as FabraApiError
  }
}

/** The results of an answer by the number of their line, and why it stopped early, if it did. */
function answersOf(text: string): [results: Map<number, any>, rest: any] {
  const lines = text.split("\n").flatMap((line) => (line === "" ? [] : parseAnswer(line)))
  return [new Map(lines.map((line) => [line.line, line])), lines.find(({ done }) => done === false)]
}

/** Keeps what became of an event; returns an error when it should be sent again. */
function settle({ index, eventId }: Pending, answer: any, results: IngestResult[]): FabraApiError | undefined {
  if (answer?.code === undefined && answer?.status !== 202) {
    return new FabraApiError("unreachable", "The server stopped before this event.", { eventId })
  }
  if (answer.status === 202) {
    results[index] = { ok: true, eventId, duplicate: answer.duplicate }
    return undefined
  }
  const error = FabraApiError.fromProblem({ ...answer, event_id: eventId }, answer.status ?? STOPPED)
  if (error.isPassing) return error
  results[index] = { ok: false, eventId, error }
  return undefined
}
