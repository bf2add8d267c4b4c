import { Script } from "@fabra/redis-transport"
import { LUA_STREAMS } from "../keyspace/lua.js"

/** What was missing and has been created: the `group`, or the whole `stream` with it. */
export type GroupAnswer = "exists" | "group" | "stream"

/**
 * Makes sure that a group exists, which begins at the oldest entry when it is new. A group that is there costs no write,
 * so that looking is allowed when memory is full.
 *
 * Keys: the stream. Arguments: group, the furthest id known of this stream (empty: none).
 */
export const groupScript = new Script<GroupAnswer>(`${LUA_STREAMS}
local stream, group, furthest = KEYS[1], ARGV[1], ARGV[2]
local answer = 'exists'
if find_group(stream, group) == nil then answer = make_group(stream, group, '0') end
if furthest ~= '' and raise(stream, furthest) then answer = 'stream' end
return answer
`)

/** True when the group had no living member, and its members and leases are gone. Keys: members, leases. */
export const disbandScript = new Script<0 | 1>(`${LUA_STREAMS}
if redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now_ms()), '+inf') > 0 then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
`)
