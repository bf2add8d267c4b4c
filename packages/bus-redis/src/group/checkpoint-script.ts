import { Script } from "@fabra/redis-transport"
import { LUA_STREAMS } from "../keyspace/lua.js"

/** `moved` forward; `kept`, since the stored one is as great; created anew because the `group` or `stream` was gone. */
export type CheckpointAnswer = "moved" | "kept" | "group" | "stream"

/**
 * Stores a group's checkpoint, never lowering it, and drops from the stream what every group has settled: all of it when
 * memory is full, which Redis tells of a command that would fail in any case.
 *
 * Keys: the stream, the attempts noted. Arguments: group, stream id, entries read up to it (empty: not known), how many
 * milliseconds settled entries stay (empty: trim nothing now), the upper end of the attempts that are settled with it.
 */
export const checkpointScript = new Script<CheckpointAnswer>(`${LUA_STREAMS}
local stream, attempts = KEYS[1], KEYS[2]
local group, id, entries_read, retention, attempts_end = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local stored = find_group(stream, group)
local answer = 'kept'
local function is_full()
  return string.find(redis.pcall('XGROUP', 'CREATE', stream, group, '0').err or '', 'OOM', 1, true) ~= nil
end
local is_tight = retention ~= '' and stored ~= nil and is_full()
if stored == nil then
  answer = make_group(stream, group, id)
  raise(stream, id)
elseif is_before(stored['last-delivered-id'], id) then
  if entries_read == '' then
    redis.call('XGROUP', 'SETID', stream, group, id)
  else
    redis.call('XGROUP', 'SETID', stream, group, id, 'ENTRIESREAD', entries_read)
  end
  answer = 'moved'
end
redis.call('ZREMRANGEBYLEX', attempts, '-', attempts_end)

if retention ~= '' then
  local settled = settled_end(stream)
  local kept_from = string.format('%.0f-0', math.max(0, now_ms() - tonumber(retention) + 1))
  if settled then
    redis.call('XTRIM', stream, 'MINID', '=', (is_tight or is_before(settled, kept_from)) and settled or kept_from)
  end
end
return answer
`)

/**
 * Notes attempts as `AttemptKind` has it, and counts for each record those of other consumers. It begins to write with a
 * command that may give nothing, as `leaseScript` does.
 *
 * Keys: the attempts noted, each `position\nconsumer`. Arguments: how long they live, consumer, how, then the positions.
 */
export const attemptScript = new Script<number[]>(`
local attempts, life, consumer, how = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
redis.call('PEXPIRE', attempts, life)
local others = {}
for i = 4, #ARGV do
  local own = ARGV[i] .. '\\n' .. consumer
  local count = redis.call('ZLEXCOUNT', attempts, '[' .. ARGV[i] .. '\\n', '(' .. ARGV[i] .. '\\v')
  if redis.call('ZSCORE', attempts, own) then count = count - 1 end
  if how == 'withdrawn' then
    redis.call('ZREM', attempts, own)
  elseif count == 0 or how == 'alone' then
    redis.call('ZADD', attempts, 0, own)
  end
  others[#others + 1] = count
end
redis.call('PEXPIRE', attempts, life)
return others
`)
