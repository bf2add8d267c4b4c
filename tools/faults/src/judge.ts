import type { DeadLetter } from "@fabra/events"
import { check, type Evidence, type Violation } from "./check.js"
import type { Connection } from "./connect.js"
import { hubOf } from "./features.js"
import type { Fleet } from "./fleet.js"
import type { Load } from "./load.js"
import { reader, readHubs } from "./onlooker.js"
import type { Place } from "./place.js"
import { type ConnectionPlan, GROUP } from "./plan.js"
import { readLog } from "./streams.js"
import { until, within } from "./until.js"

/** What is not settled then is stuck. Far beyond what any trial takes, also on a busy machine. */
const LIMIT_MS = 120_000
/** Looking takes its time from the workers. */
const POLL_MS = 300
const PAGE = 1_000

/** A trial whose producers have come to their end. */
export interface Court {
  readonly place: Place
  readonly namespace: string
  readonly load: Load
  readonly fleet: Fleet
  readonly plan: ConnectionPlan
}

/**
 * Waits until everything is settled, lets the workers go, has a fresh one read again what the stored checkpoints leave to
 * read, which must change nothing, and compares.
 */
export async function judge(court: Court): Promise<{ readonly events: number; readonly violations: Violation[] }> {
  const { load, fleet, plan } = court
  let isComplete = false
  const isSettled = await until(
    async () => {
      const passed = await isPassed(load.connection)
      isComplete = !check(await gather(court)).some(({ kind }) => kind === "lost")
      return isComplete || passed
    },
    LIMIT_MS,
    POLL_MS,
  )
  await load.stopLooking()
  await within(LIMIT_MS, "the workers stop", fleet.stop())
  if (isSettled) await within(LIMIT_MS, "a fresh worker comes to the end of the log", fleet.readAgain(plan))
  const evidence = await gather(court)
  const violations = check(evidence)
  if (isSettled) return { events: evidence.log.records, violations }
  // What nobody has come to yet is not lost.
  const left = violations.filter(({ kind }) => kind !== "lost")
  const what = `not settled after ${LIMIT_MS} ms: ${violations.find(({ kind }) => kind === "lost")?.what}`
  return { events: evidence.log.records, violations: [...left, { kind: "stuck", what }] }
}

/** Whether the group's checkpoints have passed the whole log. */
async function isPassed({ bus }: Connection): Promise<boolean> {
  return (await bus.lag(GROUP)).every(({ events }) => events === 0)
}

async function gather({ place, namespace, load }: Court): Promise<Evidence> {
  const { book, onlooker, connection } = load
  return {
    book,
    log: await readLog(place, namespace),
    states: await reader(connection)([...book.entities]),
    hubs: await readHubs(connection, [...new Set([...book.entities].map(hubOf))]),
    letters: await readLetters(connection),
    seen: onlooker,
  }
}

async function readLetters({ bus }: Connection): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  let after: string | null | undefined
  while (after !== null) {
    const page = await bus.deadLetters.list({}, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    letters.push(...page.entries)
    after = page.next
  }
  return letters
}
