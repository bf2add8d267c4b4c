import { createHash } from "node:crypto"
import { type EntityChange, type OutsideWrite, REMEMBERED_WRITES } from "@fabra/core"
import { featureField, groupFields, LAST_WRITE, LAST_WRITES } from "./keys.js"
import { encodeStored } from "./record.js"

/** Base of a write that applies to whatever there is. */
const ANY = "*"

/**
 * Compares and sets many entities, each judged alone. KEYS: the entities. ARGV, for each entity: the base, how many words
 * to HSET, how many to HDEL, then those words; the first one to HSET names the field with the writer's own token.
 *
 * Answers with a word for each: `+` and the last outside write's token when applied, `-` for a conflict, `!` and the
 * reason when the key is none of ours. HSET goes first because it is the one that Redis may refuse (out of memory, read
 * only): then nothing of the entity is written. Slices of 1,000, because `unpack` has an end. An outside write that was
 * made already is left as it is.
 */
export const APPLY = `local call, pcall, unpack = redis.call, redis.pcall, unpack
local results, at = {}, 1
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
  local base = ARGV[at]
  local set = at + 3
  local del = set + ARGV[at + 1]
  at = del + ARGV[at + 2]
  local found = pcall('HMGET', key, ARGV[set], 'w')
  if found.err then
    results[i] = '!' .. found.err
  else
    local own, outside = found[1], found[2]
    local token = (own or outside) and '=' .. (own or '') .. '/' .. (outside or '') or ''
    if base ~= '${ANY}' and base ~= token then
      results[i] = '-'
    elseif base == '${ANY}' and again(key, ARGV[set + 1]) then
      results[i] = '+' .. (outside or '')
    else
      for j = set, del - 1, 1000 do call('HSET', key, unpack(ARGV, j, math.min(j + 999, del - 1))) end
      for j = del, at - 1, 1000 do call('HDEL', key, unpack(ARGV, j, math.min(j + 999, at - 1))) end
      results[i] = '+' .. (outside or '')
    end
  end
end
return results`

/** Digest under which Redis knows {@link APPLY}. */
export const APPLY_SHA = createHash("sha1").update(APPLY).digest("hex")
/** Base of a change of a record never written. */
const NONE = ""
/** Before the token that is the base of any other change. */
const TOKEN = "="

/** Adds what {@link APPLY} needs for one change to `args`. Returns how many characters that were. */
export function pushChange(args: string[], change: EntityChange): number {
  const { group, baseToken, token, state, addFlags, removeFlags } = change
  const fields = groupFields(group)
  const start = args.length
  args.push(baseToken === null ? NONE : TOKEN + baseToken, "", "", fields.token, token, fields.state, state)
  for (const flag of addFlags) args.push(fields.flag + flag, "1")
  const gone = removeFlags.filter((flag) => !addFlags.includes(flag)).map((flag) => fields.flag + flag)
  return pushValues(args, start, change.values, gone)
}

/** Adds what {@link APPLY} needs for one outside write to `args`. Returns how many characters that were. */
export function pushWrite(args: string[], { token, values }: OutsideWrite): number {
  const start = args.length
  args.push(ANY, "", "", LAST_WRITE, token)
  return pushValues(args, start, values, [])
}

function pushValues(args: string[], start: number, values: EntityChange["values"], gone: string[]): number {
  // Setting comes before deleting in the script: of a feature named twice only the last mention may be left.
  const last = values.some(([, value]) => value === null) ? new Map(values) : values
  for (const [feature, value] of last) {
    if (value === null) gone.push(featureField(feature))
    else args.push(featureField(feature), encodeStored(value))
  }
  args[start + 1] = String(args.length - start - 3)
  args[start + 2] = String(gone.length)
  for (const field of gone) args.push(field)
  let size = 0
  for (let i = start; i < args.length; i++) size += (args[i] as string).length
  return size
}
