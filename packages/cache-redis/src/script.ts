import { createHash } from "node:crypto"
import { type EntityChange, type OutsideWrite, REMEMBERED_WRITES, type StoredValue } from "@fabra/core"
import { featureField, type GroupFields, groupFields, LAST_WRITE, LAST_WRITES, REMOVED } from "./keys.js"
import { encodeTimes, REMOVAL } from "./record.js"

/** Base of a write that applies to whatever there is. A number, as {@link NONE} is: tokens are texts. */
const ANY = 1
/** Base of a change of a record never written. */
const NONE = 0

/**
 * Compares and sets many entities, each judged alone. KEYS: the entities. ARGV[1]: JSON, a list of words, for each entity:
 * the base, how many words to HSET, how many to HDEL, then those words; the first one to HSET names the field with the
 * writer's own token. As arguments of their own the words would cost the sender four times as much.
 *
 * Answers with JSON, a word for each: `+` and the last outside write's token when applied, `-` for a conflict, `!` and the
 * reason when the key is none of ours.
 *
 * Where there may be new records, ARGV[2] is the number of entities and the last of KEYS the hash with what removals have
 * left: the token of the last one stands for a writer's own that is not there, so that what was computed before a record
 * was removed is no change of the one that comes after it. ARGV[3] then are, by the places of entities, ids for the
 * index: the sets that they belong into are the other keys. HSET goes first because it is the one that Redis may refuse (out of memory, read
 * only): then nothing of the entity is written. Slices of 1,000, because `unpack` has an end. An outside write that was
 * made already is left as it is.
 */
export const APPLY = `local call, pcall, unpack = redis.call, redis.pcall, unpack
local words, results, at = cjson.decode(ARGV[1]), {}, 1
local last = tonumber(ARGV[2]) or #KEYS
local remains, index, ids = ARGV[2] and KEYS[#KEYS], last, ARGV[3] and cjson.decode(ARGV[3])
local function again(key, token)
  local known = call('HGET', key, '${LAST_WRITES}') or ''
  if string.find(known, '\\n' .. token .. '\\n', 1, true) then return true end
  local kept, n = '\\n' .. token .. '\\n', 1
  for other in string.gmatch(known, '[^\\n]+') do
    if n == ${REMEMBERED_WRITES} then break end
    kept, n = kept .. other .. '\\n', n + 1
  end
  call('HSET', key, '${LAST_WRITES}', kept)
end
for i = 1, last do
  local key, base = KEYS[i], words[at]
  local id = ids and ids[tostring(i)]
  if id then index = index + 1 end
  local set = at + 3
  local del = set + words[at + 1]
  at = del + words[at + 2]
  local found = pcall('HMGET', key, words[set], 'w')
  if found.err then
    results[i] = '!' .. found.err
  else
    local own, outside = found[1], found[2]
    local removal = remains and not own and call('HGET', remains, '${REMOVED}')
    if removal then own = '${REMOVAL}' .. removal end
    local token = (own or outside) and (own or '') .. '/' .. (outside or '') or ${NONE}
    local fits = base == ${ANY} or base == token
    local listed = fits and id and pcall('SADD', KEYS[index], id)
    if not fits then
      results[i] = '-'
    elseif type(listed) == 'table' then
      results[i] = '!' .. listed.err
    elseif base == ${ANY} and again(key, words[set + 1]) then
      results[i] = '+' .. (outside or '')
    else
      for j = set, del - 1, 1000 do call('HSET', key, unpack(words, j, math.min(j + 999, del - 1))) end
      for j = del, at - 1, 1000 do call('HDEL', key, unpack(words, j, math.min(j + 999, at - 1))) end
      results[i] = '+' .. (outside or '')
    end
  end
end
return cjson.encode(results)`

/** Digest under which Redis knows {@link APPLY}. */
export const APPLY_SHA = createHash("sha1").update(APPLY).digest("hex")
/** What one call of {@link APPLY} is told in its argument. Names of fields recur in it, and are made once. */
export class Words {
  readonly list: (string | number)[] = []
  readonly #features = new Map<string, string>()
  readonly #groups = new Map<string, GroupFields>()

  /** See {@link featureField}. */
  feature(name: string): string {
    return remembered(this.#features, name, featureField)
  }

  /** See {@link groupFields}. */
  group(name: string): GroupFields {
    return remembered(this.#groups, name, groupFields)
  }
}

function remembered<T>(known: Map<string, T>, name: string, make: (name: string) => T): T {
  const found = known.get(name)
  if (found !== undefined) return found
  const made = make(name)
  known.set(name, made)
  return made
}

/** Adds what {@link APPLY} needs for one change to `words`. Returns how many characters that were. */
export function pushChange(words: Words, change: EntityChange): number {
  const { group, baseToken, token, state, addFlags, removeFlags } = change
  const fields = words.group(group)
  const { list } = words
  const start = list.length
  list.push(baseToken ?? NONE, 0, 0, fields.token, token, fields.state, state)
  for (const flag of addFlags) list.push(fields.flag + flag, "1")
  const gone: string[] = []
  for (const flag of removeFlags) if (!addFlags.includes(flag)) gone.push(fields.flag + flag)
  return state.length + pushValues(words, start, change.values, gone)
}

/** Adds what {@link APPLY} needs for one outside write to `words`. Returns how many characters that were. */
export function pushWrite(words: Words, { token, values }: OutsideWrite): number {
  const start = words.list.length
  words.list.push(ANY, 0, 0, LAST_WRITE, token)
  return pushValues(words, start, values, [])
}

function pushValues(words: Words, start: number, values: EntityChange["values"], gone: string[]): number {
  const { list } = words
  let characters = 0
  // Most often they come from one event: its times are spelled once.
  let times = ""
  let spelled: StoredValue | undefined
  // Not by a loop, which makes a list of each entry.
  values.forEach((value, feature) => {
    if (value === null) {
      gone.push(words.feature(feature))
      return
    }
    if (value.eventTime !== spelled?.eventTime || value.computedAt !== spelled.computedAt) times = encodeTimes(value)
    spelled = value
    const text = [times, value.text].join("")
    characters += text.length
    list.push(words.feature(feature), text)
  })
  list[start + 1] = list.length - start - 3
  list[start + 2] = gone.length
  for (const field of gone) list.push(field)
  return characters
}
