import { RedisFeatureCache } from "@fabra/cache-redis"
import { FeatureStore } from "@fabra/core"
import { createEvent, systemClock } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { startRedisServer } from "@fabra/testing"
import { AxiomWorker } from "@fabra/worker"
import { Redis } from "ioredis"
import { expect, onTestFinished, test } from "vitest"
import { RedisEventBus } from "../../src/index.js"

/** A real clock that may be set, and on which what is far off comes at once. */
function hurriedClock() {
  let ahead = 0
  return {
    now: () => systemClock.now() + ahead,
    random: () => systemClock.random(),
    setTimer: (callback: () => void, ms: number) => systemClock.setTimer(callback, ms >= 60_000 ? 20 : ms),
    advance: (ms: number) => {
      ahead += ms
    },
  }
}

test("on Redis entities beyond their ttl leave nothing behind, and what comes of them is new", async () => {
  const server = await startRedisServer()
  const namespace = server.namespace()
  const raw = new Redis(server.adminUrl)
  const clock = hurriedClock()
  const bus = new RedisEventBus({ url: server.url, namespace, partitions: 2 })
  const cache = new RedisFeatureCache({ url: server.url, namespace, rollbackWindowMs: 0 })
  const store = new FeatureStore({ cache, clock })
  const order = store.feature("order", {
    entity: store.entity("User", { key: "user_id" }),
    trigger: "step",
    initial: [] as string[],
    ttl: "1h",
    compute: (_id, event, { current }) => [...current, event.eventId],
  })
  let removed = 0
  const worker = new AxiomWorker(store, {
    bus,
    clock,
    logger: silent,
    telemetry: {
      recordsRemoved({ records }) {
        removed += records
      },
    },
  })
  const running = worker.run()
  onTestFinished(async () => {
    await worker.stop()
    await running
    await Promise.all([bus.close(), cache.close()])
    raw.disconnect()
    await server.stop()
  })
  const ids = Array.from({ length: 300 }, (_, i) => `u${i}`)
  const publish = async (eventId: string) => {
    const results = await bus.publish(
      ids.map((entityId) => createEvent({ eventType: "step", entityId, eventId: `${eventId}-${entityId}` })),
    )
    expect(results.every(({ ok }) => ok)).toBe(true)
    await worker.idle()
  }
  await publish("first")
  await publish("second")
  expect((await cache.entities("User")).ids).toHaveLength(300)
  clock.advance(2 * 3_600_000)
  await expect.poll(() => removed, { timeout: 60_000, interval: 20 }).toBe(300)
  expect((await cache.entities("User")).ids).toEqual([])
  // The record of the owners of features belongs to no entity, and stays.
  const kept = [...(await raw.keys(`${namespace}:entity:*`)), ...(await raw.keys(`${namespace}:ids:*`))]
  expect(kept.filter((key) => !key.includes("~owner"))).toEqual([])
  await publish("third")
  const rows = await store.getFeatures([order], ids)
  expect(rows.map(({ features }) => features.order.value)).toEqual(ids.map((id) => [`third-${id}`]))
  expect((await cache.entities("User")).ids.toSorted()).toEqual(ids.toSorted())
})
