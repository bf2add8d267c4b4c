import type { DeadLetter } from "@fabra/events"
import type { Book } from "./book.js"
import { chainOf, hubOf, link } from "./features.js"
import type { HubSnapshot, Onlooker, Snapshot } from "./onlooker.js"
import type { Log } from "./streams.js"

/** What can be wrong. `stuck`: not settled in the end; `error`: a worker or the trial itself failed. */
export const VIOLATION_KINDS = ["lost", "duplicated", "reordered", "half_visible", "stuck", "error"] as const

/** One thing that is wrong. */
export interface Violation {
  readonly kind: (typeof VIOLATION_KINDS)[number]
  readonly what: string
}

/** All that is known of a trial. */
export interface Evidence {
  readonly book: Pick<Book, "acknowledged" | "poison">
  readonly log: Log
  readonly states: readonly Snapshot[]
  readonly hubs: readonly HubSnapshot[]
  readonly letters: readonly DeadLetter[]
  readonly seen: Pick<Onlooker, "odd" | "chains">
}

/** Compares what the features hold with what the log holds. */
export function check(evidence: Evidence): Violation[] {
  const { states, log, letters, seen } = evidence
  const buried = new Set(letters.flatMap(({ eventId, features }) => features.map((name) => `${eventId}/${name}`)))
  return [
    ...checkLog(evidence),
    ...checkLetters(evidence),
    ...states.flatMap((state) => [...checkState(state, log.ids.get(state.entityId) ?? [], buried)]),
    ...[...states, ...seen.odd].flatMap((snapshot) => [...checkMoment(snapshot, buried)]),
    ...states.flatMap((state) => [...checkHistory(state, evidence)]),
    ...evidence.hubs.flatMap((hub) => [...checkHub(hub, log, buried)]),
  ]
}

function* checkLog({ book, log }: Evidence): Generator<Violation> {
  const all = [...log.ids.values()].flat()
  for (const id of repeated(all)) yield { kind: "duplicated", what: `${id} stands twice in the log` }
  const inLog = new Set(all)
  for (const id of book.acknowledged) {
    if (!inLog.has(id)) yield { kind: "lost", what: `${id}, whose publish was acknowledged, is not in the log` }
  }
}

/** Poison and rubbish end in the queue, once. */
function* checkLetters({ book, log, letters }: Evidence): Generator<Violation> {
  const names = letters.map(({ eventId, data, features }) => `${eventId ?? data} of ${features.join(", ") || "nobody"}`)
  for (const name of repeated(names)) yield { kind: "duplicated", what: `the dead letter of ${name}` }
  for (const data of log.rubbish) {
    const isThere = letters.some((letter) => letter.data === data && letter.reason === "invalid_event")
    if (!isThere) yield { kind: "lost", what: `the dead letter of "${data}"` }
  }
  for (const id of [...log.ids.values()].flat().filter((id) => book.poison.has(id))) {
    const isThere = letters.some(({ eventId, features }) => eventId === id && features.includes("fragile"))
    if (!isThere) yield { kind: "lost", what: `the dead letter of ${id}, which is poison` }
  }
}

/** Each event of the things that have this hub once, those of one thing in their order, or in the queue. */
function* checkHub(
  { hubId, gathered, counted }: HubSnapshot,
  { ids }: Log,
  buried: ReadonlySet<string>,
): Generator<Violation> {
  const told = `gathered of ${hubId}`
  for (const id of repeated(gathered)) yield { kind: "duplicated", what: `${id} in ${told}` }
  const place = new Map(gathered.map((id, i) => [id, i]))
  const mine = [...ids].filter(([entityId]) => hubOf(entityId) === hubId)
  for (const [entityId, expected] of mine) {
    for (const id of expected) {
      if (!place.has(id) && !buried.has(`${id}/gathered`))
        yield { kind: "lost", what: `${id} of ${entityId} in ${told}` }
    }
    const found = expected.flatMap((id) => place.get(id) ?? [])
    if (found.some((at, i) => at < (found[i - 1] ?? -1)))
      yield { kind: "reordered", what: `${entityId} in ${told}: ${gathered}` }
  }
  if (counted !== gathered.length)
    yield { kind: "half_visible", what: `${told} has ${gathered.length} events, ${counted} counted` }
}

/** Each event of the log once and in its order, or in the queue. */
function* checkState(state: Snapshot, expected: readonly string[], buried: ReadonlySet<string>): Generator<Violation> {
  for (const feature of ["applied", "fragile"] as const) {
    const found = state[feature]
    const name = `${feature} of ${state.entityId}`
    const told = `${name}: ${found}; the log: ${expected}`
    for (const id of repeated(found)) yield { kind: "duplicated", what: `${id} in ${told}` }
    for (const id of expected) {
      if (!found.includes(id) && !buried.has(`${id}/${feature}`)) yield { kind: "lost", what: `${id} in ${told}` }
    }
    const places = found.map((id) => expected.indexOf(id))
    for (const [i, place] of places.entries()) {
      const before = places[i - 1]
      if (before === undefined || place > before || found[i] === found[i - 1]) continue
      yield { kind: "reordered", what: `${found[i]} after ${found[i - 1]} in ${told}` }
    }
  }
}

/** What was read together is of one moment: what one list has and another has not lies in the queue. */
function* checkMoment(moment: Snapshot, buried: ReadonlySet<string>): Generator<Violation> {
  const { entityId, chain, applied, fragile } = moment
  const told = `${entityId}: chain ${chain}, applied ${applied}, fragile ${fragile}`
  if (chain !== chainOf(applied)) yield { kind: "half_visible", what: `the chain is not that of the list, ${told}` }
  const missing = applied.filter((id) => !fragile.includes(id) && !buried.has(`${id}/fragile`))
  const early = fragile.filter((id) => !applied.includes(id) && !buried.has(`${id}/applied`))
  for (const id of [...missing, ...early]) yield { kind: "half_visible", what: `${id} is in one list only, ${told}` }
}

/** What was ever seen of an entity is the beginning of what it became, unless a worker's death is in the queue. */
function* checkHistory({ entityId, applied }: Snapshot, { seen, letters }: Evidence): Generator<Violation> {
  if (letters.some((letter) => letter.entityId === entityId && letter.reason === "worker_crashed")) return
  let chain = ""
  const chains = ["", ...applied.map((id) => (chain = link(chain, id)))]
  for (const [length, one] of seen.chains.get(entityId) ?? []) {
    if (chains[length] === one) continue
    yield { kind: "half_visible", what: `${entityId} was once ${length} events long, but not those of its end` }
  }
}

function repeated(items: readonly string[]): Set<string> {
  const seen = new Set<string>()
  return new Set(items.filter((item) => seen.size === seen.add(item).size))
}
