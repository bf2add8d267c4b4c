import { createHash } from "node:crypto"
import { type EntityChange, type OutsideWrite, REMEMBERED_WRITES } from "@fabra/core"
import { featureField, groupFields, LAST_WRITE, LAST_WRITES } from "./keys.js"
import { encodeStored } from "./record.js"

/** Base of a write that applies to whatever there is. */
const ANY = "*"

/**
 * Compares and sets many entities, each judged alone. KEYS: the entities. ARGV[1]: JSON, a list of words, for each entity:
 * the base, how many words to HSET, how many to HDEL, then those words; the first one to HSET names the field with the
 * writer's own token. As arguments of their own the words would cost the sender four times as much.
 *
 * Answers with JSON, a word for each: `+` and the last outside write's token when applied, `-` for a conflict, `!` and the
 * reason when the key is none of ours. HSET goes first because it is the one that Redis may refuse (out of memory, read
 * only): then nothing of the entity is written. Slices of 1,000, because `unpack` has an end. An outside write that was
 * made already is left as it is.
 */
export const APPLY = `local call, pcall, unpack = redis.call, redis.pcall, unpack
local words, results, at = cjson.decode(ARGV[1]), {}, 1
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
for i, key in ipairs(KEYS) do
  local base = words[at]
  local set = at + 3
  local del = set + words[at + 1]
  at = del + words[at + 2]
  local found = pcall('HMGET', key, words[set], 'w')
  if found.err then
    results[i] = '!' .. found.err
  else
    local own, outside = found[1], found[2]
    local token = (own or outside) and '=' .. (own or '') .. '/' .. (outside or '') or ''
    if base ~= '${ANY}' and base ~= token then
      results[i] = '-'
    elseif base == '${ANY}' and again(key, words[set + 1]) then
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
/** Base of a change of a record never written. */
const NONE = ""
/** Before the token that is the base of any other change. */
const TOKEN = "="

/** What {@link APPLY} is told in its argument. */
export type Word = string | number

/** Adds what {@link APPLY} needs for one change to `words`. Returns how many characters that were. */
export function pushChange(words: Word[], change: EntityChange): number {
  const { group, baseToken, token, state, addFlags, removeFlags } = change
  const fields = groupFields(group)
  const start = words.length
  words.push(baseToken === null ? NONE : TOKEN + baseToken, 0, 0, fields.token, token, fields.state, state)
  for (const flag of addFlags) words.push(fields.flag + flag, "1")
  const gone: string[] = []
  for (const flag of removeFlags) if (!addFlags.includes(flag)) gone.push(fields.flag + flag)
  return state.length + pushValues(words, start, change.values, gone)
}

/** Adds what {@link APPLY} needs for one outside write to `words`. Returns how many characters that were. */
export function pushWrite(words: Word[], { token, values }: OutsideWrite): number {
  const start = words.length
  words.push(ANY, 0, 0, LAST_WRITE, token)
  return pushValues(words, start, values, [])
}

function pushValues(words: Word[], start: number, values: EntityChange["values"], gone: string[]): number {
  // Setting comes before deleting in the script: of a feature named twice only the last mention may be left.
  const last = values.some(([, value]) => value === null) ? new Map(values) : values
  let characters = 0
  for (const [feature, value] of last) {
    if (value === null) gone.push(featureField(feature))
    else {
      const text = encodeStored(value)
      characters += text.length
      words.push(featureField(feature), text)
    }
  }
  words[start + 1] = words.length - start - 3
  words[start + 2] = gone.length
  for (const field of gone) words.push(field)
  return characters
}
