import { Script } from "@fabra/redis-transport"
import { LUA_STREAMS } from "../keyspace/lua.js"

/** Living members; partitions still held; partitions taken; those of them whose last owner never let go. */
export type LeaseAnswer = [members: string[], held: string[], taken: string[], unclean: string[]]

/**
 * One round of lease keeping, by the server's clock.
 *
 * A lease reads `consumer\nuntil\nflag`. The flag says that it was taken over from an owner who never let go; it stays
 * until the new owner renews the lease, and so knows of it: an answer lost on its way does not lose this.
 *
 * The first command takes and gives nothing: Redis lets a script go on that has begun to write, even when its memory is
 * full, and without leases nobody would settle what fills it.
 *
 * Keys: members, leases. Arguments: consumer, lease time, `1` when it leaves, how many partitions it holds and how many
 * it lets go of, then these, then those it wants.
 */
export const leaseScript = new Script<LeaseAnswer>(`${LUA_STREAMS}
local members, leases = KEYS[1], KEYS[2]
local consumer, lease_ms, is_leaving = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local held_end = 5 + tonumber(ARGV[4])
local released_end = held_end + tonumber(ARGV[5])
local now = now_ms()
local until_ms = string.format('%.0f', now + lease_ms)

redis.call('ZREMRANGEBYSCORE', members, '-inf', string.format('%.0f', now))
if is_leaving then redis.call('ZREM', members, consumer) else redis.call('ZADD', members, until_ms, consumer) end

local function lease_of(partition)
  local text = redis.call('HGET', leases, partition)
  if not text then return nil end
  local owner, expiry, flag = string.match(text, '^(.*)\\n(%d+)\\n(%a*)$')
  return { owner = owner, expiry = tonumber(expiry), flag = flag }
end
local function hold(partition, flag)
  redis.call('HSET', leases, partition, consumer .. '\\n' .. until_ms .. '\\n' .. flag)
end

for i = held_end + 1, released_end do
  local lease = lease_of(ARGV[i])
  if lease and lease.owner == consumer then redis.call('HDEL', leases, ARGV[i]) end
end
local held, taken, unclean = {}, {}, {}
for i = 6, held_end do
  local lease = lease_of(ARGV[i])
  if lease and lease.owner == consumer then
    hold(ARGV[i], '')
    held[#held + 1] = ARGV[i]
  end
end
for i = released_end + 1, #ARGV do
  local lease = lease_of(ARGV[i])
  if lease == nil or lease.owner == consumer or lease.expiry <= now then
    local is_unclean = lease ~= nil and (lease.owner ~= consumer or lease.flag ~= '')
    hold(ARGV[i], is_unclean and 'unclean' or '')
    taken[#taken + 1] = ARGV[i]
    if is_unclean then unclean[#unclean + 1] = ARGV[i] end
  end
end
return { redis.call('ZRANGE', members, 0, -1), held, taken, unclean }
`)
