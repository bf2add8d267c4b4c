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

/** The living members; where there is none, the group's members and leases are gone. Keys: members, leases. */
export const disbandScript = new Script<string[]>(`${LUA_STREAMS}
local living = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now_ms()), '+inf')
if #living == 0 then redis.call('DEL', KEYS[1], KEYS[2]) end
return living
`)
