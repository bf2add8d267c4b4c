import type { EntityKey, EntityPage } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import type { Reply, Request } from "../transport/delivery.js"
import { INDEX_SHARDS, type Keys } from "./keys.js"

/** Sends requests that may be repeated, within the deadline of the call. */
export type Send = (requests: readonly Request[]) => Promise<Reply[]>

/**
 * Puts ids into the index, which is done **before** their records are first written: an id without a record is passed
 * over later, a record without an id would never be found. Answers with the failures, by the set that was not written.
 */
export async function addToIndex(keys: Keys, entities: readonly EntityKey[], send: Send): Promise<Map<string, Error>> {
  const sets = new Map<string, string[]>()
  for (const entity of entities) {
    const index = keys.indexOf(entity)
    const ids = sets.get(index)
    if (ids === undefined) sets.set(index, [entity.entityId])
    else ids.push(entity.entityId)
  }
  const replies = await send([...sets].map(([key, ids]) => ({ key, name: "SADD", args: [key, ...ids] })))
  const failures = new Map<string, Error>()
  for (const [i, key] of [...sets.keys()].entries()) {
    const reply = replies[i]
    if (reply?.ok === false) failures.set(key, reply.error)
  }
  return failures
}

/** Reads ids on from `after`, until there are about `limit` or no more. Ids without a record are left out. */
export async function pageOfIndex(
  keys: Keys,
  entityType: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
  send: Send,
): Promise<EntityPage> {
  const ids: string[] = []
  let [shard, cursor] = parsePosition(after)
  while (shard < INDEX_SHARDS && ids.length < limit) {
    const key = keys.index(entityType, shard)
    const count = String(limit - ids.length)
    const [next, found] = unwrap(await send([{ key, name: "SSCAN", args: [key, cursor, "COUNT", count] }])) as [
      string,
      string[],
    ]
    for (const id of await withRecord(keys, entityType, found, send)) ids.push(id)
    cursor = next
    if (cursor === "0") shard++
  }
  return { ids, next: shard < INDEX_SHARDS ? `${shard}.${cursor}` : null }
}

async function withRecord(keys: Keys, entityType: string, ids: readonly string[], send: Send): Promise<string[]> {
  const requests = ids.map((entityId) => {
    const key = keys.entity({ entityType, entityId })
    return { key, name: "EXISTS", args: [key] }
  })
  const replies = await send(requests)
  return ids.filter((_, i) => unwrap(replies, i) === 1)
}

function unwrap(replies: readonly Reply[], i = 0): unknown {
  const reply = replies[i] as Reply
  if (reply.ok) return reply.value
  throw reply.error
}

/** A position reads `shard.cursor`, the cursor being Redis's own. */
function parsePosition(after: string | undefined): [shard: number, cursor: string] {
  if (after === undefined) return [0, "0"]
  const [, shard, cursor] = /^(\d{1,2})\.(\d{1,20})$/.exec(after) ?? []
  if (shard !== undefined && cursor !== undefined && Number(shard) < INDEX_SHARDS) return [Number(shard), cursor]
  throw new FabraError("invalid_argument", `after is ${show(after)}: it must be the next of an earlier page.`, {
    path: "after",
  })
}
