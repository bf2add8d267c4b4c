import type { EntityRemoval, WholeRecord } from "@fabra/core/adapter"
import { Script } from "@fabra/redis-transport"
import { decodeStored } from "../commit/record.js"
import { FLAG, type Keys, LAST_WRITE, REMOVED, STATE, TOKEN } from "../keyspace/keys.js"
import type { Reply, Request } from "../transport/delivery.js"
import type { KnownTombstones, TombstoneBook } from "./tombstones.js"

const MAX_ENTITIES = 64

/**
 * Removes entities, each judged alone. KEYS: the entities; on a single server the sets with their ids, too; the tombstones.
 * ARGV[1]: JSON, for each entity a list: its version (a text, JSON of tokens by field), the token of the removal, its id,
 * then group, tombstones before (empty: none) and after, for each group. Answers with `+` or `-` for each.
 *
 * What frees memory goes first: then Redis takes the rest also when its memory is full.
 */
const removeScript = new Script<string>(`local call = redis.call
local removals, results, tombstones = cjson.decode(ARGV[1]), {}, KEYS[#KEYS]
for i, removal in ipairs(removals) do
  local key, expected, fits, found, wanted = KEYS[i], cjson.decode(removal[1]), true, 0, 0
  for _ in pairs(expected) do wanted = wanted + 1 end
  local all = call('HGETALL', key)
  for j = 1, #all, 2 do
    if all[j] == '${LAST_WRITE}' or string.sub(all[j], 1, ${TOKEN.length}) == '${TOKEN}' then
      found = found + 1
      if expected[all[j]] ~= all[j + 1] then fits = false end
    end
  end
  for j = 4, #removal, 3 do
    local now = call('HGET', tombstones, '${STATE}' .. removal[j]) or ''
    if now ~= removal[j + 1] and now ~= removal[j + 2] then fits = false end
  end
  if fits and found == wanted then
    call('DEL', key)
    if #KEYS > #removals + 1 then call('SREM', KEYS[#removals + i], removal[3]) end
    call('HSET', tombstones, '${REMOVED}', removal[2])
    for j = 4, #removal, 3 do call('HSET', tombstones, '${STATE}' .. removal[j], removal[j + 2]) end
    results[i] = '+'
  else
    results[i] = '-'
  end
end
return cjson.encode(results)`)

/**
 * The calls of {@link removeScript}. On a cluster the index lies in other slots than its records: ids stay in it there, and are
 * passed over since they have no record.
 */
export function removalCalls(
  keys: Keys,
  book: TombstoneBook,
  removals: readonly EntityRemoval[],
  spread: boolean,
): { readonly request: Request; readonly removals: readonly EntityRemoval[] }[] {
  const calls = []
  const size = spread ? 1 : MAX_ENTITIES
  for (let i = 0; i < removals.length; i += size) {
    const some = removals.slice(i, i + size)
    const [first] = some as [EntityRemoval]
    const touched = some.map(({ key }) => keys.entity(key))
    if (!spread) touched.push(...some.map(({ key }) => keys.indexOf(key)))
    touched.push(book.keyOf(first.key))
    const command = removeScript.command(touched, [JSON.stringify(some.map(spell))])
    calls.push({ request: { key: touched[0] as string, ...command }, removals: some })
  }
  return calls
}

function spell({ key, version, token, tombstones }: EntityRemoval): string[] {
  return [
    version,
    token,
    key.entityId,
    ...tombstones.flatMap(({ group, before, after }) => [group, before ?? "", after]),
  ]
}

/** Reads the reply to one call: for each of its entities whether it was removed. */
export function readRemoved({ value }: Extract<Reply, { ok: true }>): boolean[] {
  return (JSON.parse(value as string) as string[]).map((word) => word === "+")
}

/** Reads the reply to HGETALL (field, value, field, …) as a record of all groups. @throws Error for a malformed value */
export function decodeWhole(
  key: WholeRecord["key"],
  reply: readonly string[],
  { states }: KnownTombstones,
): WholeRecord {
  const values = new Map<string, ReturnType<typeof decodeStored>>()
  const parts = new Map<string, { state: string; flags: Set<string> }>()
  const tokens: Record<string, string> = {}
  const partOf = (group: string) => {
    const part = parts.get(group) ?? { state: "", flags: new Set() }
    parts.set(group, part)
    return part
  }
  for (let i = 0; i < reply.length; i += 2) {
    const [field, value] = [reply[i] as string, reply[i + 1] as string]
    if (field.startsWith("f:")) values.set(field.slice(2), decodeStored(value))
    else if (field === LAST_WRITE || field.startsWith(TOKEN)) tokens[field] = value
    if (field.startsWith(STATE)) partOf(field.slice(STATE.length)).state = value
    if (field.startsWith(FLAG)) {
      const end = field.indexOf("/")
      partOf(field.slice(FLAG.length, end)).flags.add(field.slice(end + 1))
    }
  }
  const version = reply.length === 0 ? null : JSON.stringify(tokens)
  return { key, version, parts, values, writtenDirectly: LAST_WRITE in tokens, tombstones: states }
}
