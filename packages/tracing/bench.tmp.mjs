import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus, createEvent } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { startRedisServer } from "@fabra/testing"
import { createMetrics } from "../metrics/dist/index.js"
import { createLogger, eventLog } from "../logs/dist/index.js"
import { traceEvents } from "./dist/index.js"
import { BasicTracerProvider, AlwaysOffSampler } from "@opentelemetry/sdk-trace-base"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import { trace, context } from "@opentelemetry/api"
import { openSync, createWriteStream } from "node:fs"
import { createRequire } from "node:module"
const pino = createRequire(new URL("../logs/package.json", import.meta.url))("pino")
const mode = process.argv[2], where = process.argv[3] ?? "memory", N = Number(process.argv[4] ?? 200000)
const dest = () => pino.destination({ dest: "/tmp/mbench/log.txt", sync: false, minLength: 4096, periodicFlush: 500 })
const modes = {
  none: () => undefined,
  empty: () => ({ eventApplied() {} }),
  metrics: () => createMetrics().telemetry,
  logs: () => eventLog(createLogger({ destination: dest() })),
  both: () => [createMetrics().telemetry, eventLog(createLogger({ destination: dest() }))],
  allLogs: () => eventLog(createLogger({ destination: dest() }), { maxPerSecond: Infinity }),
  traceNoSdk: () => traceEvents(),
  traceOff: () => { context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()); trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler: new AlwaysOffSampler() })); return traceEvents() },
}
const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })
store.feature("last", { entity: User, trigger: "purchase", compute: (_i, e) => e.payload.amount })
store.feature("count", { entity: User, trigger: "purchase", initial: 0, compute: (_i, _e, { current }) => current + 1 })
store.feature("sum", { entity: User, trigger: "purchase", initial: 0, compute: (_i, e, { current }) => current + e.payload.amount })
let redis, bus, cache
if (where === "redis") { const url = process.env.BENCH_REDIS; const namespace = "b" + process.pid; bus = new RedisEventBus({ url, namespace, dedupeWindowMs: 0 }); cache = new RedisFeatureCache({ url, namespace }) }
else { bus = new MemoryEventBus(); cache = new MemoryFeatureCache() }
let seed = 42
const rnd = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff
for (let i = 0; i < N; i += 5000) await bus.publish(Array.from({ length: 5000 }, () => createEvent({ eventType: "purchase", entityId: "user_" + Math.floor(10000 * rnd() ** 2), payload: { amount: Math.floor(rnd() * 10000), product_id: "p" + Math.floor(rnd() * 1000) } })))
const telemetry = modes[mode]()
const worker = new AxiomWorker(store, { bus, cache, batchSize: 500, logger: { info() {}, warn() {}, error() {} }, ...(telemetry ? { telemetry } : {}) })
const running = worker.run()
const c0 = process.cpuUsage(), t0 = performance.now()
await worker.idle()
const c = process.cpuUsage(c0), t = performance.now() - t0
console.log(JSON.stringify({ mode, cpu_us: +((c.user + c.system) / N).toFixed(3), evs: Math.round(N / t * 1000) }))
process.exit(0)
