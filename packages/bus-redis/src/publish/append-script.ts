import type { EncodedEvent } from "@fabra/events/adapter"
import { isPassing, refusal, Script } from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import type { PartitionKeys } from "../keyspace/keys.js"
import { LUA_STREAMS } from "../keyspace/lua.js"
import type { Settings } from "../options.js"

/**
 * The answer to one event: `+id` appended, `=id` accepted before, `-message` refused by Redis, empty: refused, the stream
 * is full.
 */
export type AppendAnswer = string

/** How events are appended. */
export interface AppendSettings extends Pick<Settings, "dedupeWindowMs" | "maxEventsPerPartition"> {
  /** Also when memory is full: they are what makes room. */
  readonly evenWhenFull?: boolean
}

/** Events for one stream, in their order. */
export interface Append {
  readonly keys: PartitionKeys
  readonly events: readonly EncodedEvent[]
}

/**
 * Appends events to streams, each at most once within the dedupe window: sending the same call again is safe, as long as
 * the window is not 0. When there is no room, or no memory, what every group has settled makes way. What is wrong with
 * one stream is told of its events alone, those after the first that is refused so included.
 *
 * Keys: for each stream, itself, then one dedupe key per event unless the window is 0. Arguments: the window, the longest
 * stream, `1` to append also when memory is full, then for each stream the number of its events and the data of each.
 */
const appendScript = new Script<AppendAnswer[]>(`${LUA_STREAMS}
local window, max = ARGV[1], tonumber(ARGV[2])
local has_window = tonumber(window) > 0
local answers = {}
-- Redis lets a script go on that has begun to write, also when its memory is full.
if ARGV[3] == '1' then redis.pcall('XDEL', KEYS[1], '0-1') end
local no_memory = nil
local function append(key, arg, count)
  local stream = KEYS[key]
  local room = max - redis.call('XLEN', stream)
  local trimmed = nil
  local function trim()
    if trimmed then return end
    local settled = settled_end(stream)
    trimmed = settled and redis.call('XTRIM', stream, 'MINID', '=', settled) or 0
    room = room + trimmed
  end
  local function add(data)
    -- Redis asks for memory only at the first write of a call. What it says then holds for the streams that follow.
    if not no_memory then
      local id = redis.pcall('XADD', stream, '*', 'data', data)
      if not id.err then return id end
      if not string.find(id.err, 'OOM', 1, true) then error(id) end
      no_memory = id
    end
    trim()
    if trimmed == 0 then error(no_memory) end
    return redis.call('XADD', stream, '*', 'data', data)
  end
  for i = 1, count do
    local before = has_window and redis.call('GET', KEYS[key + i])
    if room <= 0 and not before then trim() end
    if before then
      answers[#answers + 1] = '=' .. before
    elseif room <= 0 then
      answers[#answers + 1] = ''
    else
      local id = add(ARGV[arg + i])
      if has_window then redis.call('SET', KEYS[key + i], id, 'PX', window) end
      room = room - 1
      answers[#answers + 1] = '+' .. id
    end
  end
end
local key, arg = 1, 4
while arg <= #ARGV do
  local count, last = tonumber(ARGV[arg]), #answers + tonumber(ARGV[arg])
  local _, err = pcall(append, key, arg, count)
  for i = #answers + 1, last do answers[i] = '-' .. (err.err or err) end
  key = key + 1 + (has_window and count or 0)
  arg = arg + 1 + count
end
return answers
`)

/**
 * One script call. Answers for all events, in order.
 * @param sure sends the text of the script, so that commands sent in the same breath are sure to come after it
 */
export async function append(redis: Redis, appends: readonly Append[], settings: AppendSettings, sure = false) {
  const { dedupeWindowMs, maxEventsPerPartition, evenWhenFull } = settings
  const scriptKeys: string[] = []
  const args: (string | number)[] = [dedupeWindowMs, maxEventsPerPartition, evenWhenFull ? 1 : 0]
  for (const { keys, events } of appends) {
    scriptKeys.push(keys.events)
    args.push(events.length)
    for (const { eventId, entityId, data } of events) {
      if (dedupeWindowMs > 0) scriptKeys.push(keys.dedupe(eventId, entityId))
      args.push(data)
    }
  }
  const answers = await (sure
    ? appendScript.runText(redis, scriptKeys, args)
    : appendScript.run(redis, scriptKeys, args))
  // Why Redis refuses for a while is no matter of one stream, and nothing was written: so the call has failed.
  for (const answer of answers) {
    const refused = refusedWith(answer)
    if (refused && isPassing(refused)) throw refused
  }
  return answers
}

/** Why Redis refused the event, if it did. */
export function refusedWith(answer: AppendAnswer): Error | undefined {
  return answer[0] === "-" ? refusal(answer.slice(1)) : undefined
}
