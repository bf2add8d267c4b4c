import type { PartitionLag, Position } from "@fabra/events"
import { noSuchGroup } from "@fabra/events/adapter"
import { Script } from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import type { Keys, PartitionKeys } from "../keyspace/keys.js"
import { LUA_STREAMS } from "../keyspace/lua.js"
import { timeOf, toPosition, toPositionOrNull } from "../keyspace/positions.js"
import { groupInfo, streamInfo } from "../keyspace/stream-info.js"
import type { Link } from "../transport/link.js"

/** How far a group is behind, in every partition. @throws FabraError `not_found`, `bus_unavailable` */
export async function groupLag(
  link: Link,
  keys: Keys,
  partitions: readonly PartitionKeys[],
  group: string,
): Promise<PartitionLag[]> {
  const [owners, behind] = await Promise.all([
    ownersOf(link, keys.leases(group)),
    Promise.all(partitions.map((keys) => link.run(keys.events, (redis) => behindIn(redis, keys, group)))),
  ])
  if (behind.every(({ isKnown }) => !isKnown)) throw noSuchGroup(group)
  return behind.map(({ events, oldestAgeMs, quarantined }, partition) => ({
    partition,
    events,
    oldestAgeMs,
    ...(owners.get(partition) ?? { owner: null, ownedMs: null }),
    quarantined,
  }))
}

/** A group's stored checkpoint in every partition. @throws FabraError `not_found`, `bus_unavailable` */
export async function groupCheckpoints(
  link: Link,
  partitions: readonly PartitionKeys[],
  group: string,
): Promise<(Position | null)[]> {
  const found = await Promise.all(
    partitions.map(({ events }) => link.run(events, (redis) => groupInfo(redis, events, group))),
  )
  if (found.every((info) => info === undefined)) throw noSuchGroup(group)
  return found.map((info) => toPositionOrNull(info?.lastDeliveredId ?? "0-0"))
}

async function behindIn(redis: Redis, keys: PartitionKeys, group: string) {
  const stream = keys.events
  const [info, settled, now, quarantined] = await Promise.all([
    streamInfo(redis, stream),
    groupInfo(redis, stream, group),
    redis.time(),
    quarantineScript.run(redis, [keys.attempts(group)], []),
  ])
  const isKnown = settled !== undefined
  const after = settled?.lastDeliveredId ?? "0-0"
  const [oldest] = await redis.xrange(stream, `(${after}`, "+", "COUNT", 1)
  if (oldest === undefined) return { isKnown, events: 0, oldestAgeMs: null, quarantined }
  const nowMs = Number(now[0]) * 1000 + Math.floor(Number(now[1]) / 1000)
  return {
    isKnown,
    events: after === "0-0" ? (info?.length ?? 0) : (settled?.lag ?? (await countAfter(redis, stream, after))),
    oldestAgeMs: Math.max(0, nowMs - timeOf(toPosition(oldest[0]))),
    quarantined,
  }
}

/** How many records have notes, each `position\nconsumer`; in their order, so that those of one record follow each other. */
const quarantineScript = new Script<number>(`
local count, last = 0, ''
for _, note in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local position = string.match(note, '^[^\\n]*')
  if position ~= last then count = count + 1 end
  last = position
end
return count
`)

/** Counts entries in steps, since a server that counts long answers nobody else. */
const countScript = new Script<[count: number, last: string]>(`
local count, last = 0, ARGV[1]
for _ = 1, 20 do
  local entries = redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', 500)
  count = count + #entries
  if #entries > 0 then last = entries[#entries][1] end
  if #entries < 500 then return { count, '' } end
end
return { count, last }
`)

async function countAfter(redis: Redis, stream: string, id: string): Promise<number> {
  let total = 0
  for (let after = id; after !== ""; ) {
    const [count, last] = await countScript.run(redis, [stream], [after])
    total += count
    after = last
  }
  return total
}

/** The leases that stand, by the server's clock: partition, owner and for how long, `''` where that is not known, in turn. */
const ownersScript = new Script<string[]>(`${LUA_STREAMS}
local now, owners = now_ms(), {}
local leases, since = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #leases, 2 do
  local partition = string.match(leases[i], '^since\\n(%d+)$')
  if partition then since[partition] = leases[i + 1] end
end
for i = 1, #leases, 2 do
  local owner, expiry = string.match(leases[i + 1], '^(.*)\\n(%d+)\\n%a*$')
  if tonumber(leases[i]) and tonumber(expiry) > now then
    owners[#owners + 1] = leases[i]
    owners[#owners + 1] = string.match(owner, '^(.*)\\n[^\\n]*$') or owner
    local taker, at = string.match(since[leases[i]] or '', '^(.*)\\n(%d+)$')
    owners[#owners + 1] = taker == owner and string.format('%.0f', math.max(0, now - tonumber(at))) or ''
  end
end
return owners
`)

async function ownersOf(link: Link, leases: string): Promise<Map<number, Pick<PartitionLag, "owner" | "ownedMs">>> {
  const flat = await link.run(leases, (redis) => ownersScript.run(redis, [leases], []))
  const owners = new Map<number, Pick<PartitionLag, "owner" | "ownedMs">>()
  for (let i = 0; i < flat.length; i += 3) {
    const [partition, owner = "", ownedMs] = flat.slice(i, i + 3)
    owners.set(Number(partition), { owner, ownedMs: ownedMs === "" ? null : Number(ownedMs) })
  }
  return owners
}
