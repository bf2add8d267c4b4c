import { Script } from "@fabra/redis-transport"
import { LUA_STREAMS } from "../keyspace/lua.js"

/**
 * Consumers that have a share; partitions still held; partitions taken; of those taken from an owner who never let go, the
 * partition, that owner and its silence in milliseconds in turn; `1` when a later life of the consumer is known.
 */
export type LeaseAnswer = [sharing: string[], held: string[], taken: string[], unclean: string[], isSuperseded: 0 | 1]

/**
 * One round of lease keeping, by the server's clock. Who has a share is decided as `keepMembers` of `@fabra/events` does.
 *
 * A lease reads `consumer\nlife\nuntil\nflag`. The flag says that it was taken over from an owner who never let go; it
 * stays until the new owner renews the lease, and so knows of it: an answer lost on its way does not lose this.
 *
 * Since when it is held stands beside it, as the field `since\npartition`: `consumer\nlife\nsince`. Where these are not those
 * of the lease, a worker of an earlier version has taken it since.
 *
 * A member stands in the sorted set by when its lease runs out, and among the leases, as the field `member\nconsumer`, in
 * the same form: `life\nlease time\njoined at\nflag`, where the flag says that it has a share at once.
 *
 * The first command that writes gives nothing: Redis lets a script go on that has begun to write, even when its memory is
 * full, and without leases nobody would settle what fills it.
 *
 * Keys: members, leases. Arguments: consumer, life, lease time, `1` when it leaves, how many partitions it holds and how
 * many it lets go of, then these, then those it wants.
 */
export const leaseScript = new Script<LeaseAnswer>(`${LUA_STREAMS}
local members, leases = KEYS[1], KEYS[2]
local consumer, life, lease_ms, is_leaving = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local held_end = 6 + tonumber(ARGV[5])
local released_end = held_end + tonumber(ARGV[6])
local now = now_ms()
local until_ms = string.format('%.0f', now + lease_ms)
local owner = consumer .. '\\n' .. life

local function fields_of(text)
  local rest, number, flag = string.match(text or '', '^(.*)\\n(%d+)\\n(%a*)$')
  return rest, tonumber(number), flag
end
local function member_of(name)
  local rest, joined, flag = fields_of(redis.call('HGET', leases, 'member\\n' .. name))
  if not rest then return nil end
  local its_life, its_lease = string.match(rest, '^(.*)\\n(%d+)$')
  local seen = tonumber(redis.call('ZSCORE', members, name)) - its_lease
  return { life = its_life, joined = joined, flag = flag,
    has_lived = seen - joined >= its_lease / 2, is_heard = now - seen <= its_lease / 4 }
end

local gone = redis.call('ZRANGEBYSCORE', members, '-inf', string.format('%.0f', now))
redis.call('ZREMRANGEBYSCORE', members, '-inf', string.format('%.0f', now))
for _, name in ipairs(gone) do redis.call('HDEL', leases, 'member\\n' .. name) end

local sharing, others_have_lived = {}, false
for _, name in ipairs(redis.call('ZRANGE', members, 0, -1)) do
  if name ~= consumer then
    -- One without notes, of an earlier version, has a share as long as it lives.
    local other = member_of(name) or { flag = '', has_lived = true, is_heard = true }
    if other.is_heard and other.has_lived then others_have_lived = true end
    if other.is_heard and (other.has_lived or other.flag ~= '') then sharing[#sharing + 1] = name end
  end
end
local known = redis.call('ZSCORE', members, consumer) and member_of(consumer)
if known and known.life > life then return { sharing, {}, {}, {}, 1 } end
if is_leaving then
  redis.call('ZREM', members, consumer)
  redis.call('HDEL', leases, 'member\\n' .. consumer)
else
  local is_same = known and known.life == life
  local is_trusted = known and (is_same and known.flag ~= '' or not is_same and known.has_lived)
  local flag = (is_trusted or not others_have_lived) and 'a' or ''
  local joined = string.format('%.0f', is_same and known.joined or now)
  redis.call('ZADD', members, until_ms, consumer)
  redis.call('HSET', leases, 'member\\n' .. consumer,
    life .. '\\n' .. string.format('%.0f', lease_ms) .. '\\n' .. joined .. '\\n' .. flag)
  if flag ~= '' or member_of(consumer).has_lived then sharing[#sharing + 1] = consumer end
end

local function lease_of(partition)
  local its_owner, expiry, flag = fields_of(redis.call('HGET', leases, partition))
  if its_owner then return { owner = its_owner, expiry = expiry, flag = flag } end
end
local function hold(partition, flag)
  redis.call('HSET', leases, partition, owner .. '\\n' .. until_ms .. '\\n' .. flag)
end
local function since(partition) return 'since\\n' .. partition end

for i = held_end + 1, released_end do
  local lease = lease_of(ARGV[i])
  if lease and lease.owner == owner then redis.call('HDEL', leases, ARGV[i], since(ARGV[i])) end
end
local held, taken, unclean = {}, {}, {}
for i = 7, held_end do
  local lease = lease_of(ARGV[i])
  if lease and lease.owner == owner then
    hold(ARGV[i], '')
    held[#held + 1] = ARGV[i]
  end
end
for i = released_end + 1, #ARGV do
  local lease = lease_of(ARGV[i])
  local name = lease and string.match(lease.owner, '^(.*)\\n[^\\n]*$') or lease and lease.owner
  if lease == nil or name == consumer or lease.expiry <= now then
    local is_unclean = lease ~= nil and (lease.owner ~= owner or lease.flag ~= '')
    hold(ARGV[i], is_unclean and 'unclean' or '')
    redis.call('HSET', leases, since(ARGV[i]), owner .. '\\n' .. string.format('%.0f', now))
    taken[#taken + 1] = ARGV[i]
    if is_unclean then
      unclean[#unclean + 1] = ARGV[i]
      unclean[#unclean + 1] = name
      unclean[#unclean + 1] = string.format('%.0f', math.max(0, now + lease_ms - lease.expiry))
    end
  end
end
return { sharing, held, taken, unclean, 0 }
`)
