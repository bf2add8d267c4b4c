import { RedisFeatureCache } from "@fabra/cache-redis"
import { FeatureStore } from "@fabra/core"
import { fieldName } from "@fabra/core/adapter"
import { startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { expect, onTestFinished, test } from "vitest"
import { aggregate, count, max, mean, min, sum } from "../src/index.js"

const MINUTE = 60_000
const DAY = 1440 * MINUTE

test("a busy entity with three windows up to 30 days and five aggregates takes less than 8 KB in Redis", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const cache = new RedisFeatureCache({ url: redis.url, namespace: redis.namespace() })
  const store = new FeatureStore({ cache })
  const User = store.entity("User", { key: "user_id" })
  aggregate(store, "spend", {
    entity: User,
    trigger: "purchase",
    value: ({ payload }) => payload.amount as number,
    windows: ["1h", "24h", "30d"],
    aggregates: { sum: sum(), count: count(), mean: mean(), min: min(), max: max() },
  })
  const now = Date.UTC(2026, 5, 1)
  const fields = new Map<string, string>()
  const state = {
    get: (field: string) => fields.get(field),
    set: (field: string, text: string) => void fields.set(field, text),
  }
  // Every hop of every window has events: every 7 s in the last hours, every minute in the last day, every 10 minutes before.
  const paceAt = (time: number) =>
    time > now - 120 * MINUTE ? 7_003 : time > now - 1.3 * DAY ? MINUTE + 7 : 10 * MINUTE + 13
  for (let [time, i] = [now - 31 * DAY, 0]; time <= now; time += paceAt(time), i++) {
    const event = { timestamp: new Date(time), payload: { amount: Math.round((i * 7919) % 50_000) / 100 } }
    store.registry.states.get("spend")?.update(state, event as never)
  }
  const stored = [...fields].map(
    ([field, text]) => [fieldName("spend", field), { text, eventTime: now, computedAt: now }] as const,
  )
  await cache.write([{ key: { entityType: "User", entityId: "ann" }, token: "t", values: new Map(stored) }])

  const client = new Redis(redis.adminUrl)
  onTestFinished(async () => {
    await cache.close()
    client.disconnect()
  })
  const [key] = await client.keys("*User/ann*")
  const bytes = Number(await client.call("MEMORY", "USAGE", key as string, "SAMPLES", "0"))
  expect(fields.size).toBe(18)
  expect(bytes).toBeGreaterThan(4096)
  expect(bytes).toBeLessThan(8192)
})
