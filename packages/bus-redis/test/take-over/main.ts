// How fast a backlog is worked off after a crash, against the usual rate, in turn and by hand:
// npx tsx packages/bus-redis/test/take-over/main.ts [events] [pairs]
import { RedisFeatureCache } from "@fabra/cache-redis"
import { FeatureStore } from "@fabra/core"
import { createEvent } from "@fabra/events"
import { startRedisServer } from "@fabra/testing"
import { MortalClock } from "@fabra/testing/conformance"
import { AxiomWorker } from "@fabra/worker"
import { RedisEventBus } from "../../src/index.js"

const [events = 100_000, pairs = 3] = process.argv.slice(2).map(Number)
const ENTITIES = 10_000
const GROUP = "workers"
const LEASE_MS = 500

const server = await startRedisServer()
for (const [name, waitMs] of [
  ["synchronous", 0],
  ["20 ms", 20],
] as const) {
  const ratios: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const usual = await rate(waitMs, false)
    const quarantined = await rate(waitMs, true)
    ratios.push(quarantined / usual)
    console.log(JSON.stringify({ handler: name, usual, quarantined }))
  }
  const median = ratios.sort((a, b) => a - b)[Math.floor(pairs / 2)] as number
  console.log(JSON.stringify({ handler: name, median: Number(median.toFixed(2)) }))
}
await server.stop()

/** Events a second. */
async function rate(waitMs: number, hasCrashed: boolean): Promise<number> {
  const options = { url: server.url, namespace: server.namespace() }
  const bus = new RedisEventBus(options)
  const cache = new RedisFeatureCache(options)
  const store = new FeatureStore({ cache })
  const User = store.entity("User", { key: "user_id" })
  const add = (current: number, payload: unknown) => current + (payload as { amount: number }).amount
  store.feature("total", {
    entity: User,
    trigger: "bought",
    initial: 0,
    compute: (_id, { payload }, { current }) =>
      waitMs === 0
        ? add(current, payload)
        : new Promise<number>((resolve) => setTimeout(() => resolve(add(current, payload)), waitMs)),
  })
  for (let i = 0; i < events; i += 500) {
    const some = Array.from({ length: Math.min(500, events - i) }, (_, k) => {
      return createEvent({ eventType: "bought", entityId: `u${((i + k) * 7919) % ENTITIES}`, payload: { amount: 1 } })
    })
    await bus.publish(some)
  }
  if (hasCrashed) await dieHolding(options)
  await using worker = new AxiomWorker(store, {
    bus,
    cache,
    group: GROUP,
    logger: { info() {}, warn() {}, error() {} },
  })
  const startedAt = performance.now()
  worker.run().catch(console.error)
  await worker.idle()
  const perSecond = Math.round((events * 1_000) / (performance.now() - startedAt))
  await worker.stop()
  await Promise.all([bus.close(), cache.close()])
  return perSecond
}

/** A member that takes every partition and is never heard of again. */
async function dieHolding(options: { readonly url: string; readonly namespace: string }): Promise<void> {
  const clock = new MortalClock()
  const bus = new RedisEventBus({ ...options, clock })
  await bus.subscribe({
    group: GROUP,
    consumer: "dead",
    leaseMs: LEASE_MS,
    onAssigned: () => {},
    onRevoked: async () => {},
    onLost: () => {},
  })
  clock.die()
  await new Promise((resolve) => setTimeout(resolve, 3 * LEASE_MS))
}
