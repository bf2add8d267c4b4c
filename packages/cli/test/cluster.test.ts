import { startRedisCluster } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { fabra } from "./fabra.js"
import { eventually, start } from "./with-the-test.js"

test.skipIf(process.env.FABRA_TEST_REDIS_URL)(
  "several addresses are nodes of a Redis Cluster",
  { timeout: 60_000 },
  async () => {
    const cluster = await startRedisCluster({ masters: 3, replicas: 0 })
    onTestFinished(() => cluster.stop())
    // The one that is gone does not matter.
    const urls = ["redis://fabra:test@127.0.0.1:1", ...cluster.masters.map(({ url }) => url)].join(",")
    const env = { FABRA_REDIS_URL: urls, FABRA_FEATURES: "my_features.ts" }
    const serve = start(["serve", "--port", "0"], { env })
    const worker = start(["worker"], { env })
    const [, url = ""] = await serve.says(/"url":"([^"]+)"/)
    await worker.says(/worker started/)
    const watch = start(["watch", "--json"], { env })
    const event = (id: string) => [
      "publish",
      "purchase",
      "--entity",
      id,
      "--payload",
      '{"amount": 5, "product_id": "p"}',
    ]
    for (const id of ["ann", "bob", "cid", "dee"]) {
      const direct = { env }
      const overHttp = { env: { FABRA_SERVER_URL: url } }
      for (const way of [direct, overHttp]) expect(await fabra(event(id), way)).toMatchObject({ code: 0, stderr: "" })
      for (const way of [direct, overHttp]) {
        const read = async () => JSON.parse((await fabra(["get", "User", id, "--json"], way)).stdout).features
        await eventually(read).toMatchObject({ total_purchases: { value: 2 } })
      }
    }
    await eventually(async () => {
      await fabra(event("eve"), { env })
      return watch.output
    }).toContain('"entity_id":"eve"')
    const doctor = await fabra(["doctor"], { env })
    expect(doctor.stdout).toMatch(/^ok {4}workers +1 worker in the group fabra_workers/m)
    expect(doctor.code).toBe(0)
    expect([await serve.stop("SIGINT"), await worker.stop("SIGINT")]).toEqual([0, 0])
  },
)
