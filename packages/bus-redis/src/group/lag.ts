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
    Promise.all(partitions.map(({ events }) => link.run(events, (redis) => behindIn(redis, events, group)))),
  ])
  if (behind.every(({ isKnown }) => !isKnown)) throw noSuchGroup(group)
  return behind.map(({ events, oldestAgeMs }, partition) => ({
    partition,
    events,
    oldestAgeMs,
    owner: owners.get(partition) ?? null,
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

async function behindIn(redis: Redis, stream: string, group: string) {
  const [info, settled, now] = await Promise.all([
    streamInfo(redis, stream),
    groupInfo(redis, stream, group),
    redis.time(),
  ])
  const isKnown = settled !== undefined
  const after = settled?.lastDeliveredId ?? "0-0"
  const [oldest] = await redis.xrange(stream, `(${after}`, "+", "COUNT", 1)
  if (oldest === undefined) return { isKnown, events: 0, oldestAgeMs: null }
  const nowMs = Number(now[0]) * 1000 + Math.floor(Number(now[1]) / 1000)
  return {
    isKnown,
    events: after === "0-0" ? (info?.length ?? 0) : (settled?.lag ?? (await countAfter(redis, stream, after))),
    oldestAgeMs: Math.max(0, nowMs - timeOf(toPosition(oldest[0]))),
  }
}

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

/** The leases that stand, by the server's clock: partition and owner in turn. */
const ownersScript = new Script<string[]>(`${LUA_STREAMS}
local now, owners = now_ms(), {}
local leases = redis.call('HGETALL', KEYS[1])
for i = 1, #leases, 2 do
  local owner, expiry = string.match(leases[i + 1], '^(.*)\\n(%d+)\\n%a*$')
  if tonumber(leases[i]) and tonumber(expiry) > now then
    owners[#owners + 1] = leases[i]
    owners[#owners + 1] = string.match(owner, '^(.*)\\n[^\\n]*$') or owner
  end
end
return owners
`)

async function ownersOf(link: Link, leases: string): Promise<Map<number, string>> {
  const flat = await link.run(leases, (redis) => ownersScript.run(redis, [leases], []))
  const owners = new Map<number, string>()
  for (let i = 0; i < flat.length; i += 2) owners.set(Number(flat[i]), flat[i + 1] as string)
  return owners
}
