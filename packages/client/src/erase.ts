import type { CallOptions } from "./options.js"
import { type Transport, toQuery } from "./transport.js"

/** Options of `FabraClient.eraseEntity`. */
export interface EraseOptions extends CallOptions {
  /** Indexes in which the entity has a document under its own id. Default none. */
  readonly indexes?: readonly string[] | undefined
  /** How long workers may take to apply its events of before, in milliseconds, up to 60,000. Default 30,000. */
  readonly timeoutMs?: number | undefined
}

/** What was erased. */
export interface Erased {
  /** `emptied`: no value is left; the id stays, with the marks of its events. `none`: there was no record. */
  readonly record: "removed" | "emptied" | "none"
  /** How many dead letters were discarded. */
  readonly deadLetters: number
  /** The indexes from which a document was removed. */
  readonly indexes: readonly string[]
  /** Groups that have not applied all events of before, and may bring something back: erase it again later. Empty: done. */
  readonly groupsBehind: readonly string[]
}

/** See `FabraClient.eraseEntity`. */
export async function eraseEntity(
  transport: Transport,
  entity: string,
  id: string,
  { signal, indexes, timeoutMs = 30_000 }: EraseOptions,
): Promise<Erased> {
  const query = toQuery({ indexes: indexes?.join(","), timeout: `${Math.trunc(timeoutMs)}ms` })
  const path = `/entities/${encodeURIComponent(entity)}/${encodeURIComponent(id)}${query}`
  const answer = await transport.send({ path, method: "DELETE", signal, extraMs: timeoutMs })
  const { record, dead_letters, indexes: from, groups_behind } = answer
  return { record, deadLetters: dead_letters, indexes: from, groupsBehind: groups_behind }
}
