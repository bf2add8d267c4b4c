import { FeatureStore } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { createServer } from "../src/index.js"

const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })
store.feature("last_purchase", { entity: User, trigger: "purchase", compute: (_userId, event) => event.payload })

const bus = new MemoryEventBus()
const worker = new AxiomWorker(store, { bus })
worker.run()

const server = createServer(store, { bus, port: Number(process.env.PORT ?? 8000) })
const { url } = await server.listen()
console.log(`${url}/docs`)
process.once("SIGTERM", async () => {
  await server.close()
  await worker.stop()
})
