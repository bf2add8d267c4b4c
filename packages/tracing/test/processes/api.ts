// The HTTP API in a process of its own, started by two-processes.test.ts.
import { RedisEventBus } from "@fabra/bus-redis"
import { FeatureStore } from "@fabra/core"
import { createServer } from "@fabra/server"
import { withTracing } from "../../src/index.js"
import { keepSpans } from "../spans.js"

const [url = "", namespace = ""] = process.argv.slice(2)
const spans = keepSpans()
const bus = withTracing(new RedisEventBus({ url, namespace }))
const server = createServer(new FeatureStore(), { bus, port: 0, acceptUnknownEvents: true })
process.send?.((await server.listen()).url)
process.once("message", async () => {
  process.send?.(spans.ended())
  await server.close()
  await bus.close()
  process.disconnect()
})
