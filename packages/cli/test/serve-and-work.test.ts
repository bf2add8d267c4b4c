import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { fabra, spawned } from "./fabra.js"
import { eventually, start } from "./with-the-test.js"

const purchase = ["publish", "purchase", "--entity", "ann", "--payload", '{"amount": 5, "product_id": "p"}']

let redis: RedisTestServer
beforeAll(async () => {
  redis = await startRedisServer()
})
afterAll(() => redis.stop())

test("without FABRA_REDIS_URL it says which Redis is meant, and that any program of this machine may call", async () => {
  const serve = start(["serve", "my_features.ts", "--port", "0"])
  await serve.says(
    /FABRA_REDIS_URL is not set: events and values are on redis:\/\/localhost:6379 \(`fabra dev` needs none\)/,
  )
  await serve.says(/"bus":"redis:\/\/localhost:6379".*"message":"serving"/)
  await serve.says(/"level":"warn",.*There are no API keys: any program on this machine may call/)
  expect(await serve.stop("SIGINT")).toBe(0)
})

test("others may call it only with a key", async () => {
  const open = await spawned(["serve", "my_features.ts", "--host", "0.0.0.0", "--port", "0"])
  expect(open).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^error: Others could reach 0\.0\.0\.0, and there are no API keys: make one with `fabra api-key`/,
    ),
  })

  const [ingest, read] = await Promise.all(
    ["ingest", "read"].map(async (scope) => {
      const { stdout } = await spawned(["api-key", `for-${scope}`, "--scopes", scope, "--json"])
      return JSON.parse(stdout) as { key: string; setting: string }
    }),
  )
  const keys = `${ingest?.setting},${read?.setting}`
  const serve = start(["serve", "my_features.ts", "--host", "0.0.0.0", "--port", "0"], {
    env: { FABRA_API_KEYS: keys, FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace() },
  })
  const [, port] = await serve.says(/"url":"http:\/\/[\d.]+:(\d+)".*"message":"serving"/)
  const env = { FABRA_SERVER_URL: `http://127.0.0.1:${port}` }
  const without = await fabra(purchase, { env })
  expect(without).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error: .* Give it with FABRA_API_KEY\.\n$/),
  })
  expect(await fabra(purchase, { env: { ...env, FABRA_API_KEY: read?.key ?? "" } })).toMatchObject({ code: 2 })
  expect(await fabra(purchase, { env: { ...env, FABRA_API_KEY: ingest?.key ?? "" } })).toMatchObject({ code: 0 })
  const wrong = await fabra(["config"], { env: { FABRA_API_KEYS: `${ingest?.key}` } })
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("as `fabra api-key` prints it") })
  expect(wrong.stderr).not.toContain(ingest?.key)
})

describe("workers", () => {
  let env: Record<string, string>
  beforeEach(() => {
    env = { FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace(), FABRA_FEATURES: "my_features.ts" }
  })

  test("apply what the server takes; the server tells of it, and who watches does not hold it up", async () => {
    const serve = start(["serve", "--port", "0"], { env })
    const [, url = ""] = await serve.says(/"url":"([^"]+)".*"message":"serving"/)
    const worker = start(["worker"], { env })
    const viaServer = { FABRA_SERVER_URL: url }
    await fabra(purchase, { env: viaServer })
    const read = async () => {
      const { stdout } = await fabra(["get", "User", "ann", "--json"], { env: viaServer })
      return JSON.parse(stdout).features
    }
    await eventually(read).toMatchObject({ total_purchases: { value: 1 } })
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /^fabra_http_request_seconds_count\{method="POST",route="\/ingest\/:event_type",status="202"\} 1$/m,
    )
    const watch = start(["watch"], { env: viaServer })
    await eventually(async () => {
      await fabra(purchase, { env: viaServer })
      return watch.output
    }).toMatch(/purchase {2}User ann/)
    expect(await serve.stop("SIGINT")).toBe(0)
    await watch.says(/error: .* has ended the connection/)
    expect(await worker.stop()).toBe(0)
  })

  test("one that a handler blocks is killed, so that others take over", async () => {
    const worker = start(["worker", "--watchdog", "0.5"], { env })
    await worker.says(/worker started/)
    await fabra(["publish", "block", "--entity", "ann"], { env })
    await worker.says(/The event loop stood still for 500 ms: killing this process/)
    expect(await worker.ended()).toBe("SIGKILL")
  })

  test("the metrics of all processes are one page, which keeps what a dead one had counted", async () => {
    const worker = start(["worker", "--processes", "2", "--metrics-port", "0"], { env })
    const [, url = ""] = await worker.says(/"url":"([^"]+)","message":"serving metrics"/)
    const [, pid] = await worker.says(/"pid":(\d+),"message":"worker started"[\s\S]*worker started/)
    const line = (n: number) => `{"entity_id": "user-${n}", "payload": {"amount": 1, "product_id": "p"}}`
    const input = Array.from({ length: 50 }, (_, n) => line(n)).join("\n")
    const value = async (name: string) => {
      const page = await (await fetch(url)).text()
      return Number(
        page
          .split("\n")
          .find((one) => one.startsWith(`${name} `))
          ?.slice(name.length),
      )
    }
    const processed = () => value('fabra_events_processed_total{event_type="purchase"}')
    await fabra(["publish", "purchase", "--file", "-"], { env, input })
    await eventually(processed).toBe(50)
    await eventually(() => value("fabra_partitions_owned")).toBe(16)
    expect(await value("fabra_bus_up")).toBe(1)
    process.kill(Number(pid), "SIGKILL")
    await worker.says(/worker died/)
    expect(await processed()).toBe(50)
    expect(await worker.stop("SIGINT")).toBe(0)
  })

  test("Ctrl-C finishes what was begun; a second one quits, with every process", async () => {
    const worker = start(["worker", "--processes", "2"], { env })
    await worker.says(/worker started[\s\S]*worker started/)
    await fabra(["publish", "hang", "--entity", "ann"], { env })
    // Any worker that has applied this has begun that.
    await fabra(["publish", "purchase", "--entity", "bob", "--payload", '{"amount": 5, "product_id": "p"}'], { env })
    const read = async () => JSON.parse((await fabra(["get", "User", "bob", "--json"], { env })).stdout).features
    await eventually(read).toMatchObject({ total_purchases: { value: 1 } })
    worker.child.kill("SIGINT")
    await worker.says(/worker stopped/) // the one that has nothing to finish
    // It has ended when nobody holds its output any more, so its processes are gone too.
    expect(await worker.stop("SIGINT")).toBe(130)
  })
})
