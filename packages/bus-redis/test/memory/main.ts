// The memory of a worker, by hand: npx tsx packages/bus-redis/test/memory/main.ts [events]
import { startRedisServer } from "@fabra/testing"
import { measureMemory } from "./measure.js"

const most = Number(process.argv[2] ?? 1_000_000)
const server = await startRedisServer()
try {
  for (const [name, entities, stuck] of [
    ["10,000 entities", 10_000, 0],
    ["10,000 entities, one stuck in retries", 10_000, 1],
    ["10 entities, one stuck in retries", 10, 1],
    ["every event an entity of its own, one stuck in retries", Number.POSITIVE_INFINITY, 1],
    ["10,000 entities, all stuck in retries", 10_000, 10_000],
  ] as const) {
    for (const events of [10_000, most]) {
      const use = await measureMemory(server, { events, entities: Math.min(entities, events), stuck })
      console.log(JSON.stringify({ case: name, ...use }))
    }
  }
} finally {
  await server.stop()
}
