import { type DirectWrite, type EntityChange, REMEMBERED_WRITES, type StoredValue } from "@fabra/core/adapter"
import { Script } from "@fabra/redis-transport"
import { featureField, groupFields, LAST_WRITE, LAST_WRITES, REMOVED } from "../keyspace/keys.js"
import { encodeTimes, REMOVAL } from "./record.js"

/** Base of a write that applies to whatever there is. A number, as {@link NONE} is: tokens are texts. */
const ANY = 1
/** Base of a change of a record never written. */
const NONE = 0

/**
 * Compares and sets many entities, each judged alone. KEYS: the entities. ARGV[1]: JSON, a list of words, for each entity:
 * the base, the times of its values as {@link encodeTimes} spells them, how many values of those times there are, how many
 * other fields to set, how many to delete, then those: of each value and each other field a name and a text, of each to
 * delete a name. The first of the others holds the writer's own token. A name is a place in the list that ARGV[2] is in
 * JSON, or the field's own. As arguments of their own the words would cost the sender four times as much.
 *
 * Answers with JSON, a word for each: `+` and the last direct write's token when applied, `-` for a conflict, `!` and the
 * reason when the key is none of ours.
 *
 * Where there may be new records, ARGV[3] is the number of entities and the last of KEYS the hash with what removals have
 * left: the token of the last one stands for a writer's own that is not there, so that what was computed before a record
 * was removed is no change of the one that comes after it. ARGV[4] then are, by the places of entities, ids for the
 * index: the sets that they belong into are the other keys. A commit writes nothing first, with a command that needs no memory: Redis lets a
 * script go on that has begun to write, also when its memory is full, and the events that fill it go once they are applied. A
 * direct write makes no room, and is refused by its HSET, before anything of the entity is written. Slices of 1,000, because `unpack` has an end. A direct write that was
 * made already is left as it is.
 */
export const applyScript = new Script<string>(`local call, pcall, unpack = redis.call, redis.pcall, unpack
local words, names, results, at = cjson.decode(ARGV[1]), cjson.decode(ARGV[2]), {}, 1
local last = tonumber(ARGV[3]) or #KEYS
local tombstones, index, ids = ARGV[3] and KEYS[#KEYS], last, ARGV[4] and cjson.decode(ARGV[4])
local fields = {}
if words[1] ~= ${ANY} then pcall('HDEL', KEYS[1], '') end
local function send(name, key, n)
  for j = 1, n, 1000 do call(name, key, unpack(fields, j, math.min(j + 999, n))) end
end
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
  local key, base, times, values = KEYS[i], words[at], words[at + 1], at + 5
  local id = ids and ids[tostring(i)]
  if id then index = index + 1 end
  local others = values + 2 * words[at + 2]
  local gone = others + 2 * words[at + 3]
  at = gone + words[at + 4]
  local found = pcall('HMGET', key, names[words[others]] or words[others], 'w')
  if found.err then
    results[i] = '!' .. found.err
  else
    local own, direct = found[1], found[2]
    local removal = tombstones and not own and call('HGET', tombstones, '${REMOVED}')
    if removal then own = '${REMOVAL}' .. removal end
    local token = (own or direct) and (own or '') .. '/' .. (direct or '') or ${NONE}
    local fits = base == ${ANY} or base == token
    local listed = fits and id and pcall('SADD', KEYS[index], id)
    if not fits then
      results[i] = '-'
    elseif type(listed) == 'table' then
      results[i] = '!' .. listed.err
    elseif base == ${ANY} and again(key, words[others + 1]) then
      results[i] = '+' .. (direct or '')
    else
      local n = 0
      for j = values, others - 1, 2 do
        fields[n + 1], fields[n + 2] = names[words[j]], times .. words[j + 1]
        n = n + 2
      end
      for j = others, gone - 1, 2 do
        fields[n + 1], fields[n + 2] = names[words[j]] or words[j], words[j + 1]
        n = n + 2
      end
      send('HSET', key, n)
      for j = gone, at - 1 do fields[j - gone + 1] = names[words[j]] or words[j] end
      send('HDEL', key, at - gone)
      results[i] = '+' .. (direct or '')
    end
  end
end
return cjson.encode(results)`)

/** What one call of {@link applyScript} is told: its words, and the names that recur in them. */
export class Words {
  readonly list: (string | number)[] = []
  readonly names: string[] = []
  readonly #places = new Map<string, number>()
  readonly #groups = new Map<string, { readonly token: number; readonly state: number; readonly flag: string }>()

  /** The place of a feature's field in the list of names. */
  feature(name: string): number {
    const known = this.#places.get(name)
    if (known !== undefined) return known
    const place = this.names.push(featureField(name))
    this.#places.set(name, place)
    return place
  }

  /** Places of a group's fields, and what stands before its flags. */
  group(name: string) {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const { token, state, flag } = groupFields(name)
    const made = { token: this.names.push(token), state: this.names.push(state), flag }
    this.#groups.set(name, made)
    return made
  }

  /** Adds one entity. Returns about how many characters its values have. */
  add(
    base: string | number,
    values: DirectWrite["values"],
    others: (string | number)[],
    gone: (string | number)[],
  ): number {
    const { list } = this
    const start = list.length
    list.push(base, "", 0, 0, 0)
    // Most often they come from one event: its times are spelled once.
    let first: StoredValue | undefined
    let characters = 0
    // Not by a loop, which makes a list of each entry.
    values.forEach((value, feature) => {
      const name = this.feature(feature)
      if (value === null) {
        gone.push(name)
        return
      }
      first ??= value
      const { text, eventTime, computedAt } = value
      characters += text.length
      if (eventTime === first.eventTime && computedAt === first.computedAt) list.push(name, text)
      else others.push(name, encodeTimes(value) + text)
    })
    if (first !== undefined) list[start + 1] = encodeTimes(first)
    list[start + 2] = (list.length - start - 5) / 2
    list[start + 3] = others.length / 2
    list[start + 4] = gone.length
    for (const word of others) list.push(word)
    for (const name of gone) list.push(name)
    return characters
  }
}

const NO_VALUES: DirectWrite["values"] = new Map()
const NO_FLAGS: readonly string[] = []

/** Adds what {@link applyScript} needs for one change to `words`. Returns about how many characters that were. */
export function pushChange(words: Words, change: EntityChange): number {
  const { group, baseVersion, token, state, values = NO_VALUES, addFlags = NO_FLAGS, removeFlags = NO_FLAGS } = change
  const fields = words.group(group)
  const others = [fields.token, token, fields.state, state]
  for (const flag of addFlags) others.push(fields.flag + flag, "1")
  const gone: (string | number)[] = []
  for (const flag of removeFlags) if (!addFlags.includes(flag)) gone.push(fields.flag + flag)
  return state.length + words.add(baseVersion ?? NONE, values, others, gone)
}

/** Adds what {@link applyScript} needs for one direct write to `words`. Returns about how many characters that were. */
export function pushWrite(words: Words, { token, values }: DirectWrite): number {
  return words.add(ANY, values, [LAST_WRITE, token], [])
}
