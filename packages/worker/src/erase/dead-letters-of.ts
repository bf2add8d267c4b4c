import type { EntityKey } from "@fabra/core/adapter"
import type { EventBus } from "@fabra/events"

const PAGE = 100

/** Discards all dead letters of an entity. @returns how many there were @throws FabraError `bus_unavailable` */
export async function discardDeadLetters(
  { deadLetters }: EventBus,
  { entityType, entityId }: EntityKey,
): Promise<number> {
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await deadLetters.list({ entityId }, { limit: 10 * PAGE, after })
    for (const letter of page.entries) {
      // One that could not be read, or was for nobody, names no type.
      if ((letter.entityType ?? entityType) === entityType) ids.push(letter.id)
    }
    after = page.next ?? undefined
  } while (after !== undefined)
  let discarded = 0
  for (let at = 0; at < ids.length; at += PAGE) discarded += await deadLetters.discard(ids.slice(at, at + PAGE))
  return discarded
}
