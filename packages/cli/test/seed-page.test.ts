import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Running } from "./fabra.js"
import { portFor8000, shell } from "./shell.js"
import { eventually } from "./with-the-test.js"

// A namespace of its own would not be what `redis-cli XRANGE fabra:dlq - +` looks at.
describe.skipIf(process.env.FABRA_TEST_REDIS_URL)("the commands of the first page, as they are written there", () => {
  let redis: RedisTestServer
  let port: number
  let serve: Running
  let worker: Running
  const run = (line: string) => shell(line, { redis: redis.port, api: port })

  beforeAll(async () => {
    redis = await startRedisServer()
    port = await portFor8000()
    const env = { FABRA_REDIS_URL: redis.url }
    serve = new Running(["serve", "my_features.ts", "--port", String(port)], { env })
    worker = new Running("worker my_features.ts".split(" "), { env })
    await Promise.all([serve.says(/"serving"/), worker.says(/"worker started"/)])
  })
  afterAll(async () => {
    expect(await Promise.all([worker.stop("SIGINT"), serve.stop("SIGINT")])).toEqual([0, 0])
    await redis.stop()
  })

  test("publish with curl, read with curl", async () => {
    const answer = await run(`curl -X POST http://localhost:8000/ingest/purchase \\
  -H "Content-Type: application/json" \\
  -d '{
    "entity_id": "user_123",
    "payload": {"amount": 99.99, "product_id": "prod_456"}
  }'`)
    expect(JSON.parse(answer)).toEqual({ event_id: expect.stringMatching(/^evt_/), duplicate: false })
    await eventually(
      async () => JSON.parse(await run("curl http://localhost:8000/features/User/user_123")).features,
    ).toMatchObject({ last_purchase_amount: { value: 99.99 }, total_purchases: { value: 1 } })
  })

  test("a failed event lies where redis-cli shows it", async () => {
    await run(`curl -X POST http://localhost:8000/ingest/risky_event -H "Content-Type: application/json" \\
      -d '{"entity_id": "user_123", "payload": {"what": "this"}}'`)
    await eventually(() => run("redis-cli XRANGE fabra:dlq - +")).toMatch(
      /event_type\nrisky_event\nentity_id\nuser_123\n[\s\S]*error_message\nthe api said no to this\n/,
    )
  })
})
