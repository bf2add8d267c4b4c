// A worker of its own process. With KILL_AT, it is killed as it is about to write its n-th document, embedded already.
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { PgVectorStore } from "@fabra/vector-pgvector"
import { AxiomWorker } from "@fabra/worker"
import { createStore } from "../src/features.js"

const { REDIS_URL: url = "", POSTGRES_URL: postgres = "", KILL_AT } = process.env
const { store } = createStore()
const vectors = new PgVectorStore({ url: postgres })
let left = Number(KILL_AT ?? Number.POSITIVE_INFINITY)
const upsert = vectors.upsert.bind(vectors)
vectors.upsert = (schema, documents) => {
  left -= documents.length
  if (left <= 0) process.kill(process.pid, "SIGKILL")
  return upsert(schema, documents)
}
store.connect({ vectors })
const cache = new RedisFeatureCache({ url })
const worker = new AxiomWorker(store, {
  bus: new RedisEventBus({ url }),
  cache,
  leaseMs: 1_000,
  batchSize: 5,
  logger: { info() {}, warn() {}, error: console.error },
})
await worker.run()
