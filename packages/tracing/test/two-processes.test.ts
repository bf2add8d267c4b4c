import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { startRedisServer } from "@fabra/testing"
import { expect, test } from "vitest"
import type { EndedSpan } from "./spans.js"

test("one trace leads from an HTTP request over Redis to the commit in another process", async () => {
  const redis = await startRedisServer()
  const args = [redis.url, redis.namespace()]
  const api = start("api", args)
  const worker = start("worker", args)
  try {
    const [url] = await once(api, "message")
    const applied = once(worker, "message")
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
    const response = await fetch(`${url}/ingest/purchase`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      body: JSON.stringify({ entity_id: "user_123", payload: { amount: 5 } }),
    })
    const accepted = (await response.json()) as { event_id: string }
    expect(response.status, JSON.stringify(accepted)).toBe(202)
    await applied
    const spans = [...(await spansOf(api)), ...(await spansOf(worker))]

    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]))
    const chain = ["publish purchase", "process purchase", "commit"]
    let parent: string | undefined = "00f067aa0ba902b7"
    for (const name of chain) {
      const span = spans.find((one) => one.name === name)
      expect(span?.parentSpanId, name).toBe(parent)
      parent = span?.spanId
    }
    expect(spans).toHaveLength(chain.length)
    const process = spans.find(({ name }) => name === "process purchase")
    expect(process?.attributes).toMatchObject({
      "messaging.message.id": accepted.event_id,
      "fabra.entity.id": "user_123",
    })
  } finally {
    for (const child of [api, worker]) child.kill("SIGKILL")
    await redis.stop()
  }
})

function start(name: string, args: string[]): ChildProcess {
  const script = fileURLToPath(new URL(`./processes/${name}.ts`, import.meta.url))
  return fork(script, args, { execArgv: ["--import", "tsx"] })
}

/** Ends a process in peace; its last words are its spans. */
async function spansOf(child: ChildProcess): Promise<EndedSpan[]> {
  const answer = once(child, "message")
  child.send("stop")
  const [spans] = await answer
  return spans
}
