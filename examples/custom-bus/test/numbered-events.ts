import { type AxiomEvent, createEvent } from "@fabra/events"
import { type BusRecord, decodeEvent, encodeEvent } from "@fabra/events/adapter"

/** Events that every process makes alike: the same ids, seven entities in turn. */
export function numberedEvents(count: number): AxiomEvent[] {
  return Array.from({ length: count }, (_, n) =>
    createEvent({ eventType: "numbered", entityId: `entity-${n % 7}`, eventId: `event-${n}`, payload: { n } }),
  )
}

/** The numbers of events, by entity, in the order in which they stand in the log. */
export function numbersByEntity(records: readonly Pick<BusRecord, "data">[]): Map<string, number[]> {
  const byEntity = new Map<string, number[]>()
  for (const { data } of records) {
    const { entityId, payload } = decodeEvent(data)
    byEntity.set(entityId, [...(byEntity.get(entityId) ?? []), Number(payload.n)])
  }
  return byEntity
}

/** What {@link numbersByEntity} gives when each of `count` events was taken once, in order. */
export function allNumbers(count: number): Map<string, number[]> {
  return numbersByEntity(numberedEvents(count).map((event) => ({ data: encodeEvent(event) })))
}
