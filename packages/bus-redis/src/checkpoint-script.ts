import { LUA_STREAMS } from "./lua.js"
import { Script } from "./script.js"

/** `moved` forward; `kept`, since the stored one is as great; `created` because the group was gone. */
export type CheckpointAnswer = "moved" | "kept" | "created"

/**
 * Stores a group's checkpoint, never lowering it, and drops from the stream what every group has settled.
 *
 * Keys: the stream, the attempts noted. Arguments: group, stream id, entries read up to it (empty: not known), how many
 * milliseconds settled entries stay (empty: trim nothing now), the upper end of the attempts that are settled with it.
 */
export const checkpointScript = new Script<CheckpointAnswer>(`${LUA_STREAMS}
local stream, attempts = KEYS[1], KEYS[2]
local group, id, entries_read, retention, attempts_end = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local stored = nil
for _, candidate in ipairs(groups_of(stream)) do
  if candidate.name == group then stored = candidate['last-delivered-id'] end
end
local answer = 'kept'
if stored == nil then
  redis.call('XGROUP', 'CREATE', stream, group, id, 'MKSTREAM')
  answer = 'created'
elseif is_before(stored, id) then
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
  local kept_from = string.format('%.0f-0', math.max(0, now_ms() - tonumber(retention)))
  if settled then
    redis.call('XTRIM', stream, 'MINID', '=', is_before(settled, kept_from) and settled or kept_from)
  end
end
return answer
`)
