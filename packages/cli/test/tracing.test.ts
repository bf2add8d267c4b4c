import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startRedisServer } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { eventually, start } from "./with-the-test.js"

test("with an SDK loaded before it, one trace goes from the request over the bus to the commit", async () => {
  const server = await startRedisServer()
  onTestFinished(() => server.stop())
  const directory = await mkdtemp(join(tmpdir(), "fabra-spans-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, "spans.ndjson")
  const env = {
    FABRA_REDIS_URL: server.url,
    FABRA_NAMESPACE: server.namespace(),
    NODE_OPTIONS: `--import ${new URL("./fixtures/keep-spans.mjs", import.meta.url)}`,
    SPANS_FILE: file,
  }
  const serve = start(["serve", "my_features.ts", "--port", "0"], { env })
  const worker = start(["worker", "my_features.ts"], { env })
  const [, url = ""] = await serve.says(/"url":"([^"]+)".*"message":"serving"/)
  await worker.says(/worker started/)

  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
  await fetch(`${url}/ingest/purchase`, {
    method: "POST",
    headers: { "content-type": "application/json", traceparent },
    body: '{"entity_id": "ann", "payload": {"amount": 5, "product_id": "p"}}',
  })
  const spans = async () =>
    (await readFile(file, "utf8").catch(() => ""))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { pid: number; name: string; traceId: string; parent?: string })
  await eventually(async () => (await spans()).map(({ name }) => name).sort()).toEqual([
    ...["commit", "process purchase", "publish purchase"],
  ])
  const found = await spans()
  expect(new Set(found.map(({ traceId }) => traceId))).toEqual(new Set(["0af7651916cd43dd8448eb211c80319c"]))
  expect(new Set(found.map(({ pid }) => pid)).size).toBe(2)
})
