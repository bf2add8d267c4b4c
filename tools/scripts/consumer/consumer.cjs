const assert = require("node:assert/strict")
const { FeatureStore, MemoryFeatureCache } = require("@fabra/core")
const { Registry } = require("@fabra/core/adapter")
const { defineEvent, FabraError, MemoryEventBus } = require("@fabra/events")
const { BaseEventBus, checkName } = require("@fabra/events/adapter")
const { AxiomWorker } = require("@fabra/worker")

async function main() {
  const store = new FeatureStore({ cache: new MemoryFeatureCache() })
  const purchase = defineEvent("purchase")
  const User = store.entity("User", { key: "user_id" })
  const total = store.feature("total_purchases", {
    entity: User,
    trigger: purchase,
    initial: 0,
    compute: (_id, _event, { current }) => current + 1,
  })

  const bus = new MemoryEventBus()
  const worker = new AxiomWorker(store, { bus })
  worker.run()
  await bus.publish(purchase.create({ entityId: "user_123", payload: { amount: 99.99 } }))
  await worker.idle()
  assert.equal(await store.getFeature(total, "user_123"), 1)
  await worker.stop()

  // Both entries of a package have the same classes.
  assert.ok(store.registry instanceof Registry)
  assert.ok(bus instanceof BaseEventBus)
  assert.throws(() => checkName("name", ""), FabraError)

  // The rest loads without connecting to anything.
  require("@fabra/bus-redis")
  require("@fabra/cache-redis")
  require("@fabra/client")
  require("@fabra/server")
  require("@fabra/embeddings-openai")
  require("@fabra/testing")
  require("@fabra/aggregates")
  require("@fabra/offline-postgres")
  require("@fabra/vector-pgvector")
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
