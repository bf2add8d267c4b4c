import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { afterAll, beforeAll, expect, test } from "vitest"
import { fabra } from "./fabra.js"
import { eventually, start } from "./with-the-test.js"

let redis: RedisTestServer
beforeAll(async () => {
  redis = await startRedisServer()
})
afterAll(() => redis.stop())

const KINDS = ["timer", "microtask", "promise", "late"]

const leave = (what: string, env: Record<string, string>) =>
  fabra(["publish", "leave", "--entity", "ann", "--payload", JSON.stringify({ what })], { env })

async function metric(name: string, url: string): Promise<number> {
  const line = (await (await fetch(url)).text()).split("\n").find((one) => one.startsWith(name))
  return Number(line?.slice(name.length + 1))
}
const uncaught = (url: string) => metric('fabra_uncaught_errors_total{feature="left"}', url)

test("what a handler leaves behind does not end the server of a dry run; it is named and counted", async () => {
  const env = { FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace() }
  const serve = start(["serve", "dangling.ts", "--port", "0"], { env })
  const [, url = ""] = await serve.says(/"url":"([^"]+)".*"message":"serving"/)
  for (const what of KINDS) {
    const body = JSON.stringify({ entity_id: "ann", payload: { what } })
    const init = { method: "POST", headers: { "content-type": "application/json" }, body }
    expect((await fetch(`${url}/ingest/leave?dry_run=true`, init)).status).toBe(200)
  }
  await eventually(() => uncaught(`${url}/metrics`)).toBe(4)
  const [line] = await serve.says(/.*The handler of \\"left\\" left .* behind that failed.*/)
  expect(JSON.parse(line)).toMatchObject({ level: "error", feature: "left", entity: "User", entity_id: "ann" })
  expect(await serve.stop()).toBe(0)
})

test("dev goes on, and shows where in the features file it was left", async () => {
  const dev = start(["dev", "dangling.ts", "--port", "0"])
  const [, url = ""] = await dev.says(/ API +(http:\S+)/)
  const env = { FABRA_SERVER_URL: url }
  await leave("timer", env)
  await dev.says(/error: The handler of "left" left a timer or callback behind that failed \(dangling\.ts:\d+\)/)
  await leave("promise", env)
  await eventually(() => uncaught(`${url}/metrics`)).toBe(2)
  expect(await dev.stop("SIGINT")).toBe(0)
})

test("a worker goes on; an error outside of handlers ends it with one line and code 1", async () => {
  const env = { FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace(), FABRA_FEATURES: "dangling.ts" }
  const worker = start(["worker", "--metrics-port", "0"], { env })
  const [, url = ""] = await worker.says(/"url":"([^"]+)","message":"serving metrics"/)
  for (const what of KINDS) await leave(what, env)
  await eventually(() => uncaught(url)).toBe(4)
  const { stdout } = await fabra(["get", "User", "ann", "--json"], { env })
  expect(JSON.parse(stdout).features).toMatchObject({ left: { value: 4 } })
  await leave("nothing", env)
  await eventually(() => metric('fabra_events_processed_total{event_type="leave"}', url)).toBe(5)
  expect(await worker.stop()).toBe(0)
  const broken = start(["worker"], { env: { ...env, BREAK_AFTER: "3000" } })
  await broken.says(/^error: dangling\.ts:\d+: thrown by no handler's \(Nobody caught it, .* fabra ends\.\)$/m)
  expect(await broken.ended()).toBe(1)
})
