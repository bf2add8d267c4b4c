import assert from "node:assert/strict"
import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { Registry } from "@fabra/core/adapter"
import { defineEvent, FabraError, MemoryEventBus } from "@fabra/events"
import { BaseEventBus, checkName } from "@fabra/events/adapter"
import { AxiomWorker } from "@fabra/worker"

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
await import("@fabra/bus-redis")
await import("@fabra/cache-redis")
await import("@fabra/client")
await import("@fabra/server")
await import("@fabra/embeddings-openai")
await import("@fabra/testing")
await import("@fabra/aggregates")
await import("@fabra/offline-postgres")
await import("@fabra/vector-pgvector")
