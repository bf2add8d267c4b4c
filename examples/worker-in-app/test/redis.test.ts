import { randomUUID } from "node:crypto"
import { startRedisServer } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { startProgram } from "./program.js"

test("two apps on one Redis share the work, and both know the total", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const apps = await Promise.all([startProgram(redis.url), startProgram(redis.url)])
  const userId = randomUUID() // the server may be one that was given to the tests, and keep what they write

  for (const [i, { url }] of [...apps, ...apps].entries()) {
    const body = JSON.stringify({ amount: 10 + i })
    const headers = { "Content-Type": "application/json" }
    const { status } = await fetch(`${url}/users/${userId}/purchases`, { method: "POST", headers, body })
    expect(status).toBe(202)
  }
  for (const { url } of apps) {
    const total = async () => (await fetch(`${url}/users/${userId}/total-spend`)).json()
    await expect.poll(total, { timeout: 30_000 }).toEqual({ total_spend: 46, status: "PRESENT" })
  }
})
