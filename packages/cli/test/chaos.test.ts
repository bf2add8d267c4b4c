import { startRedisServer } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { chaos } from "./chaos.js"

// Kills Redis, so it needs one of its own. `chaos-main.ts` is the long form.
test.skipIf(process.env.FABRA_TEST_REDIS_URL)(
  "a worker killed and Redis restarted: each event is applied once, whatever was answered first",
  { timeout: 120_000 },
  async () => {
    const redis = await startRedisServer({ appendOnly: true })
    onTestFinished(() => redis.stop())
    const said: string[] = []
    const report = await chaos(redis, 1_500, (line) => said.push(line))
    expect(report.wrong).toEqual([])
    expect(report.failed).toBeGreaterThan(0)
    expect(report.requests).toBe(1_500 + report.failed)
    expect(said.join("\n")).toMatch(/killing worker process \d+\nkilling Redis/)
  },
)
