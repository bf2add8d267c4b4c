import { setTimeout as delay } from "node:timers/promises"
import type { RedisTestServer } from "@fabra/testing"
import type { Redis } from "ioredis"
import type { Fault, Stage } from "../fault.js"

const SLOTS_WITH_RECORDS = 12
const KEYS_AT_ONCE = 10
const MIGRATE_TIMEOUT_MS = 5_000

/** Slots with streams, leases and records move from master to master, a few keys at a time, while all of them are in use. */
export const slotMigration: Fault = {
  place: "cluster",
  rollbackMs: 5_000,
  async run(stage) {
    const { place, namespace, random } = stage
    const masters = await place.masters()
    const busy: { readonly slot: number; readonly from: RedisTestServer }[] = []
    for (const from of masters) {
      const streams = await slotsOf(stage, from, `${namespace}:events:*`)
      const leases = await slotsOf(stage, from, `${namespace}:group:*`)
      const records = await slotsOf(stage, from, `${namespace}:entity:*`)
      const some = records.sort(() => random.next() - 0.5).slice(0, SLOTS_WITH_RECORDS / masters.length)
      for (const slot of new Set([...streams, ...leases, ...some])) busy.push({ slot, from })
    }
    for (const { slot, from } of busy) {
      await moveSlot(stage, slot, from, random.pick(masters.filter((server) => server !== from)), masters)
      await delay(random.int(0, 100))
    }
    return `${busy.length} slots moved`
  },
}

async function slotsOf({ place }: Stage, server: RedisTestServer, pattern: string): Promise<number[]> {
  const client = place.client(server)
  const keys = await client.keys(pattern)
  return [...new Set(await Promise.all(keys.map((key) => client.cluster("KEYSLOT", key))))]
}

/** As `redis-cli --cluster reshard` does it. */
async function moveSlot(
  { place, random }: Stage,
  slot: number,
  from: RedisTestServer,
  to: RedisTestServer,
  masters: readonly RedisTestServer[],
): Promise<void> {
  const [source, target] = [place.client(from), place.client(to)]
  const [sourceId, targetId] = [await source.cluster("MYID"), await target.cluster("MYID")]
  await target.cluster("SETSLOT", slot, "IMPORTING", sourceId)
  await source.cluster("SETSLOT", slot, "MIGRATING", targetId)
  for (let keys = await keysIn(source, slot); keys.length > 0; keys = await keysIn(source, slot)) {
    await source.call("MIGRATE", "127.0.0.1", to.port, "", 0, MIGRATE_TIMEOUT_MS, "KEYS", ...keys)
    await delay(random.int(0, 10)) // commands meet a slot that is half here and half there
  }
  const others = masters.filter((server) => server !== from && server !== to).map((server) => place.client(server))
  for (const client of [target, source, ...others]) await client.cluster("SETSLOT", slot, "NODE", targetId)
}

async function keysIn(client: Redis, slot: number): Promise<string[]> {
  return (await client.cluster("GETKEYSINSLOT", slot, KEYS_AT_ONCE)) as string[]
}
