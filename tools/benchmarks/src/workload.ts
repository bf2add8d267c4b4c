import { type AxiomEvent, createEvent } from "@fabra/events"
import { mulberry32 } from "@fabra/test-support/random"

/** What is done; the same for every contender. A plain object, so that it can be handed to other processes. */
export interface WorkloadSpec {
  readonly events: number
  readonly entities: number
  /** How many features each event changes: the last amount, the count, the sum; from the fourth on further sums. */
  readonly features: number
  /** Characters of a note in each event that a further feature keeps as it is; 0: no note and no such feature. */
  readonly noteLength: number
  /** So many entities have one event each at the beginning; default 0. */
  readonly known?: number
}

/** What the first three features of an entity must be at the end. */
export interface Totals {
  readonly last: number
  readonly count: number
  readonly sum: number
}

/** A purchase: cents, so that sums are exact in whatever order a contender adds. */
export interface Purchase {
  readonly amount: number
  readonly product_id: string
  readonly note?: string
}

export type PurchaseEvent = AxiomEvent<"purchase", Purchase>

/** Time of the first event, epoch milliseconds; each following one is a millisecond later. */
export const START = Date.UTC(2026, 0, 1)

/** Events of about 170 bytes. Entities are skewed: a tenth of all events belongs to one in a hundred of them. */
export function* eventsOf({ events, entities, noteLength, known = 0 }: WorkloadSpec): Generator<PurchaseEvent> {
  const random = mulberry32(42)
  const note = noteLength === 0 ? {} : { note: "n".repeat(noteLength) }
  for (let i = 0; i < events; i++) {
    const amount = 1 + Math.floor(random() * 10_000)
    const payload = { amount, product_id: `prod_${Math.floor(random() * 1000)}`, ...note }
    const entityId = `user_${i < known ? i : Math.floor(entities * random() ** 2)}`
    const eventId = `evt_${String(i).padStart(26, "0")}` // as long as a generated one
    yield createEvent({ eventType: "purchase", entityId, payload, timestamp: START + i, eventId })
  }
}

/** What each entity's features must be once every event has been applied, in order, once. */
export function expectedTotals(spec: WorkloadSpec): Map<string, Totals> {
  const totals = new Map<string, Totals>()
  for (const { entityId, payload } of eventsOf(spec)) totals.set(entityId, addTo(totals.get(entityId), payload.amount))
  return totals
}

/** Three features after one more purchase: what every contender computes. */
export function addTo({ count, sum }: Totals = { last: 0, count: 0, sum: 0 }, amount: number): Totals {
  return { last: amount, count: count + 1, sum: sum + amount }
}
