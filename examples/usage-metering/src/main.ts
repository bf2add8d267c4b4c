import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import {
  apiCall,
  daysSinceLogin,
  endpointCalls,
  endpoints,
  failedStreak,
  invoice,
  latency,
  login,
  store,
  tokens,
} from "./features.js"

const bus = new MemoryEventBus()
const worker = new AxiomWorker(store, { bus })
const running = worker.run()

const minute = 60_000
const now = Date.now()
for (let i = 0; i < 300; i++) {
  const endpoint = ["/search", "/search", "/answer", "/embed"][i % 4] as string
  const payload = { endpoint, tokens: 10 + (i % 7), ms: 20 + ((i * 37) % 400), ok: i % 25 !== 0, zone: "Europe/Berlin" }
  await bus.publish(apiCall.create({ entityId: `acc_${i % 3}`, payload, timestamp: now - i * minute }))
}
await bus.publish(login.create({ entityId: "acc_0", payload: {}, timestamp: now - 9 * 1440 * minute }))
for (const paid of [true, false, false]) await bus.publish(invoice.create({ entityId: "acc_0", payload: { paid } }))
await worker.idle()

const rows = await store.getFeatures(
  [tokens.sum["1h"], tokens.sum.day, endpoints.distinct["7d"], latency.p95["1h"], failedStreak, daysSinceLogin],
  ["acc_0", "acc_1", "acc_2"],
)
console.table(rows.map(({ entityId, features }) => ({ account: entityId, ...valuesOf(features) })))
const perEndpoint = await store.getFeatures(
  [endpointCalls.calls["1h"], endpointCalls.error_rate["1h"]],
  ["/search", "/answer", "/embed"],
)
console.table(perEndpoint.map(({ entityId, features }) => ({ endpoint: entityId, ...valuesOf(features) })))
await worker.stop()
await running

function valuesOf(features: Readonly<Record<string, { readonly value: unknown }>>) {
  return Object.fromEntries(Object.entries(features).map(([name, { value }]) => [name, value]))
}
