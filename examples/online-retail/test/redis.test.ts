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

async function keysOf(namespace: string): Promise<string[]> {
  const redis = new Redis(server.url)
  const keys = await redis.keys(`*${namespace}:*`)
  await redis.quit()
  return keys
}

test("two workers, one killed half-way: every feature is exact", { timeout }, async () => {
  const namespace = server.namespace()
  const args = ["--redis", server.url, "--namespace", namespace, "--workers", "2", "--limit", "40000", "--crash"]
  const { code, stdout, stderr } = await runMain([...args, "--json"])
  expect(stderr).toMatch(/killing a worker after \d+ of \d+ events/)
  expect(stderr).toMatch(/worker \d+ died \(SIGKILL\); starting it again/)
  expect(JSON.parse(stdout)).toMatchObject({ events: 26_011, rejected: 13_989, matches: true })
  expect(code).toBe(0)
  expect(await keysOf(namespace)).toEqual([])
})

test("a second run in a kept namespace changes nothing", { timeout }, async () => {
  const namespace = server.namespace()
  const args = ["--redis", server.url, "--namespace", namespace, "--limit", "3000"]
  const first = await runMain([...args, "--keep"])
  expect(first).toMatchObject({ code: 0 })
  const second = await runMain(args)
  expect(second).toMatchObject({ code: 0 })
  expect(second.stdout).toMatch(/published before +1,919/)
  expect(await keysOf(namespace)).toEqual([])
})

test("somebody else's namespace is left alone", { timeout }, async () => {
  const namespace = server.namespace()
  const redis = new Redis(server.url)
  await redis.hset(`${namespace}:meta`, "partitions", 16)
  await redis.quit()
  const { code, stderr } = await runMain(["--redis", server.url, "--namespace", namespace, "--limit", "10"])
  expect(stderr).toContain(`error: The namespace "${namespace}" is in use; choose another.`)
  expect(code).toBe(1)
  expect(await keysOf(namespace)).toEqual([`${namespace}:meta`])
})
