import type { EntityPage } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { checkEntityId, show } from "@fabra/events/adapter"

/**
 * Checks what `entities` of a feature has returned, whatever its type says: a page that never ends, or ids that match no
 * record, would pass for work that is done.
 * @param cursor where the page began @throws FabraError `invalid_value`
 */
export function checkPage(feature: string, page: EntityPage, cursor: string | null): EntityPage {
  const refuse = (why: string) => new FabraError("invalid_value", `entities of "${feature}" returns ${why}`)
  if (!Array.isArray(page?.ids)) {
    throw refuse(`${show(page)}: it must be { ids, next }, with a list of ids.`)
  }
  for (const [i, id] of page.ids.entries()) {
    try {
      checkEntityId(id, `ids[${i}]`)
    } catch (error) {
      throw refuse(`what is no id at ids[${i}]. ${FabraError.from(error).message}`)
    }
  }
  const { next } = page
  if (next !== null && (typeof next !== "string" || next === "")) {
    throw refuse(`${show(next)} as next: it must be where the next page begins, or null after the last one.`)
  }
  if (next !== null && next === cursor)
    throw refuse(`the page after ${show(cursor)} with the same next: it would never end.`)
  return page
}

/**
 * Checks what `computeMany` of a feature has returned for these entities.
 * @throws FabraError `invalid_value`
 */
export function checkComputed(feature: string, computed: ReadonlyMap<string, unknown>, ids: readonly string[]): void {
  const refuse = (why: string) => new FabraError("invalid_value", `computeMany of "${feature}" returns ${why}`)
  if (!(computed instanceof Map)) throw refuse(`${show(computed)}: it must be a Map of values by entity id.`)
  const asked = new Set<unknown>(ids)
  for (const id of computed.keys()) {
    if (asked.has(id)) continue
    throw refuse(
      `a value for the id ${show(id)}: it is called with ${ids.slice(0, 3).map(show).join(", ")}${ids.length > 3 ? ", …" : ""}.`,
    )
  }
}
