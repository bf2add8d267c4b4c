import { once } from "node:events"
import { createServer } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { metricDefinitions } from "@fabra/metrics"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, expect, test } from "vitest"
import { runMain } from "./run-main.js"

const timeout = 180_000
let server: RedisTestServer

beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server.stop())

/** The first of two free ports, below those that the system gives to whoever asks for any. */
async function freePorts(): Promise<[number, number]> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    if ((await isFree(first)) && (await isFree(first + 1))) return [first, first + 1]
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1")
  try {
    await once(server, "listening")
  } catch {
    return false
  }
  server.close()
  await once(server, "close")
  return true
}

async function keysOf(namespace: string): Promise<string[]> {
  const redis = new Redis(server.adminUrl)
  const keys = await redis.keys(`*${namespace}:*`)
  await redis.quit()
  return keys
}

test("two workers, one killed half-way: every feature is exact", { timeout }, async () => {
  const namespace = server.namespace()
  const args = ["--redis", server.adminUrl, "--namespace", namespace, "--workers", "2", "--limit", "10000", "--crash"]
  const { code, stdout, stderr } = await runMain([...args, "--json"])
  expect(stderr).toMatch(/killing a worker after \d+ of \d+ events/)
  expect(stderr).toMatch(/worker \d+ died \(SIGKILL\); starting it again/)
  expect(JSON.parse(stdout)).toMatchObject({ events: 7_709, rejected: 2_291, matches: true })
  expect(code).toBe(0)
  expect(await keysOf(namespace)).toEqual([])
})

test("each worker serves metrics while it runs, and they are exact", { timeout }, async () => {
  const ports = await freePorts()
  const args = ["--redis", server.adminUrl, "--namespace", server.namespace(), "--workers", "2", "--limit", "40000"]
  const running = runMain([...args, "--metrics-port", String(ports[0]), "--json"])
  const pages = ["", ""]
  let ended = false
  running.finally(() => {
    ended = true
  })
  while (!ended) {
    for (const [i, port] of ports.entries()) {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined)
      if (response?.ok) pages[i] = await response.text().catch(() => pages[i] as string)
    }
    await delay(20)
  }
  const { code, stdout } = await running
  expect(JSON.parse(stdout)).toMatchObject({ events: 26_011, matches: true, processed: 26_011 })
  expect(code).toBe(0)
  for (const page of pages) {
    for (const { name } of Object.values(metricDefinitions)) expect(page).toContain(`# TYPE ${name} `)
    const counts = [...page.matchAll(/^fabra_events_processed_total\{event_type="(?:purchase|refund)"\} (\d+)$/gm)]
    const processed = counts.reduce((sum, [, count]) => sum + Number(count), 0)
    expect(processed).toBeGreaterThan(0)
    expect(processed).toBeLessThan(26_011)
  }
})

test("a second run in a kept namespace changes nothing", { timeout }, async () => {
  const namespace = server.namespace()
  const args = ["--redis", server.adminUrl, "--namespace", namespace, "--limit", "3000"]
  const first = await runMain([...args, "--keep"])
  expect(first).toMatchObject({ code: 0 })
  const second = await runMain(args)
  expect(second).toMatchObject({ code: 0 })
  expect(second.stdout).toMatch(/published before +1,919/)
  expect(await keysOf(namespace)).toEqual([])
})

test("somebody else's namespace is left alone", { timeout }, async () => {
  const namespace = server.namespace()
  const redis = new Redis(server.adminUrl)
  await redis.hset(`${namespace}:meta`, "partitions", 16)
  await redis.quit()
  const { code, stderr } = await runMain(["--redis", server.adminUrl, "--namespace", namespace, "--limit", "10"])
  expect(stderr).toContain(`error: The namespace "${namespace}" is in use; choose another.`)
  expect(code).toBe(1)
  expect(await keysOf(namespace)).toEqual([`${namespace}:meta`])
})
