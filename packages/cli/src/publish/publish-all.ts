import { FabraApiError } from "@fabra/client"
import { type AxiomEvent, FabraError, systemClock } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import type { Access, Published } from "../access/access.js"
import type { Row } from "./rows.js"

const BATCH = 500
const QUIET_MS = 100
const TRIES = 8
const FIRST_PAUSE_MS = 200
/** What may be otherwise the next time. The event keeps its id, so that it is not added twice. */
const PASSING: readonly string[] = ["bus_full", "bus_unavailable", "publish_unknown", "timeout"]
/** Nobody is there to publish to. */
const AWAY: readonly string[] = ["bus_unavailable", "closing", "unreachable"]

/** An event that was not taken, and why. */
export interface Refusal {
  readonly line: number
  readonly code: string
  readonly message: string
}

/** What became of the events of a file. */
export interface Outcome {
  published: number
  duplicates: number
  refused: number
  /** The first of them. */
  readonly refusals: Refusal[]
}

const MAX_REFUSALS = 100

type PublishError = Extract<Published, { readonly ok: false }>["error"]

interface Entry {
  readonly line: number
  readonly event: AxiomEvent
}

/**
 * Publishes events in batches, in their order; what may pass is tried again for a while. A batch does not wait long for
 * more to come.
 * @param end ends `rows`; called when there is no use in going on
 * @throws FabraError or FabraApiError when the first batch finds nobody there
 */
export async function publishAll(
  access: Pick<Access, "publish">,
  rows: AsyncIterable<Row>,
  end: () => void,
  onProgress: (done: number) => void,
): Promise<Outcome> {
  const outcome: Outcome = { published: 0, duplicates: 0, refused: 0, refusals: [] }
  let batch: Entry[] = []
  let done = 0
  let publishing = Promise.resolve()
  const flush = () => {
    const entries = batch
    batch = []
    if (entries.length === 0) return publishing
    publishing = publishing.then(async () => {
      await publishBatch(access, entries, outcome)
      done += entries.length
      onProgress(done)
    })
    publishing.catch(end)
    return publishing
  }
  const timer = setInterval(flush, QUIET_MS)
  try {
    for await (const row of rows) {
      if ("error" in row) refuse(outcome, row.line, row.error)
      else if (batch.push(row) >= BATCH) await flush()
    }
    await flush()
  } finally {
    clearInterval(timer)
  }
  return outcome
}

async function publishBatch(access: Pick<Access, "publish">, batch: readonly Entry[], outcome: Outcome): Promise<void> {
  let waiting = batch
  for (let attempt = 1; waiting.length > 0; attempt++) {
    const results = await access.publish(waiting.map(({ event }) => event))
    const again: Entry[] = []
    for (const [i, entry] of waiting.entries()) {
      const result = results[i]
      if (result?.ok) outcome[result.duplicate ? "duplicates" : "published"]++
      else {
        const error = result?.error ?? new FabraError("internal", "There was no answer for the event.")
        if (AWAY.includes(error.code) && outcome.published + outcome.duplicates === 0) throw error
        if (isPassing(error) && attempt < TRIES) again.push(entry)
        else refuse(outcome, entry.line, error)
      }
    }
    waiting = again
    if (again.length > 0) await sleep(systemClock, FIRST_PAUSE_MS * 2 ** (attempt - 1))
  }
}

function isPassing(error: PublishError): boolean {
  return error instanceof FabraApiError ? error.isPassing : PASSING.includes(error.code)
}

function refuse(outcome: Outcome, line: number, { code, message }: PublishError): void {
  outcome.refused++
  if (outcome.refusals.length < MAX_REFUSALS) outcome.refusals.push({ line, code, message })
}
