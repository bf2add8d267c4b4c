import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { startRedisServer } from "@fabra/testing"
import { ScheduleBook } from "@fabra/worker"
import { expect, onTestFinished, test } from "vitest"
import { fabra, spawned } from "./fabra.js"
import { start } from "./with-the-test.js"

const ENTITIES = Number(process.env.FABRA_TEST_SCHEDULE_ENTITIES ?? 3000)
const PAGE = 1000

test(`the owner of a run over ${ENTITIES} entities is killed, and another goes on`, { timeout: 600_000 }, async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const namespace = redis.namespace()
  const cache = new RedisFeatureCache({ url: redis.url, namespace })
  onTestFinished(() => cache.close())
  const ids = Array.from({ length: ENTITIES }, (_, i) => `user_${i}`)
  const keys = ids.map((entityId) => ({ entityType: "User", entityId }))
  for (let from = 0; from < keys.length; from += PAGE) {
    const value = { text: "true", eventTime: null, computedAt: Date.now() }
    const page = keys.slice(from, from + PAGE)
    await cache.write(page.map((key, i) => ({ key, token: `t${from + i}`, values: new Map([["seen", value]]) })))
  }

  const times = new Map<string, number>()
  const start = (onPage: (page: number) => void) => {
    const worker = fork(fileURLToPath(new URL("./schedule-worker.ts", import.meta.url)), [redis.url, namespace], {
      execArgv: ["--import", "tsx"],
    })
    let pages = 0
    worker.on("message", (page: string[]) => {
      for (const id of page) times.set(id, (times.get(id) ?? 0) + 1)
      onPage(++pages)
    })
    onTestFinished(() => void worker.kill("SIGKILL"))
    return worker
  }
  const first = start((page) => {
    if (page === Math.ceil(ENTITIES / 1000)) first.kill("SIGKILL")
  })
  await once(first, "exit")
  const computed = times.size
  expect(computed).toBeGreaterThan(0)
  expect(computed).toBeLessThan(ENTITIES)
  start(() => {})

  const book = new ScheduleBook(cache)
  let state = (await book.read("stats")).state
  while (state.history.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    state = (await book.read("stats")).state
  }
  expect([...times.keys()].sort()).toEqual(ids.toSorted())
  // What the dead one had computed of its last page, and no more, is computed again.
  expect([...times.values()].filter((n) => n > 1).length).toBeLessThanOrEqual(PAGE)
  expect(state.history).toMatchObject([{ failed: 0, error: null }])
  for (let from = 0; from < keys.length; from += PAGE) {
    const values = await cache.read(keys.slice(from, from + PAGE), ["stats"])
    expect(values.map(([value]) => value?.text)).toEqual(ids.slice(from, from + PAGE).map((id) => `"of ${id}"`))
  }
})

test("schedule list tells what workers have noted", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const env = { FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace(), FABRA_FEATURES: "scheduled.ts" }
  const cache = new RedisFeatureCache({ url: redis.url, namespace: env.FABRA_NAMESPACE })
  onTestFinished(() => cache.close())
  const book = new ScheduleBook(cache)
  const turn = Date.UTC(2026, 0, 31, 12)
  const done = {
    startedAt: turn + 1,
    entities: 700,
    failed: 2,
    error: "the api\nsaid no",
    complete: true,
    request: null,
  }
  await book.write("stats", await book.read("stats"), {
    turn: turn + 3_600_000,
    run: {
      startedAt: turn + 3_600_001,
      owner: "web-1",
      cursor: "u",
      entities: 500,
      failed: 0,
      error: null,
      request: null,
    },
    history: [{ ...done, scheduledFor: turn, finishedAt: turn + 2_501 }],
    answered: null,
  })
  const { stdout } = await spawned(["schedule", "list"], { env })
  expect(stdout).toMatch(/^feature +entity +schedule +next turn +last turn +took +entities +now +error\n/)
  expect(stdout).toMatch(
    /^stats +User +1h +\S+ +2026-01-31T12:00:00.000Z +2\.5 s +700, 2 failed +runs, 500 entities done +the api said no$/m,
  )
  expect(stdout).toMatch(/^never_yet +User +0 3 \* \* \* UTC +\S+T03:00:00.000Z +– +– +– +waits$/m)
  const [json] = JSON.parse((await fabra(["schedule", "list", "--json"], { env })).stdout)
  expect(json).toMatchObject({
    ...{
      feature: "stats",
      next_turn: expect.any(String),
      run: { owner: "web-1", scheduled_for: "2026-01-31T13:00:00.000Z" },
    },
    last_run: { duration_ms: 2_500, entities: 700, failed: 2, complete: true },
  })
  expect((await fabra(["schedule", "history", "stats"], { env })).stdout).toMatch(
    /^turn +began +took +entities +end +error\n2026-01-31T12:00:00.000Z +\S+ +2\.5 s +700, 2 failed +complete +the api said no$/m,
  )
})

test("schedule run has workers compute a feature now, and tells what came of it", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const env = { FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace(), FABRA_FEATURES: "scheduled.ts" }
  const cache = new RedisFeatureCache({ url: redis.url, namespace: env.FABRA_NAMESPACE })
  onTestFinished(() => cache.close())
  const value = { text: "true", eventTime: null, computedAt: Date.now() }
  await cache.write([{ key: { entityType: "User", entityId: "ann" }, token: "t", values: new Map([["seen", value]]) }])
  const asked = fabra(["schedule", "run", "stats", "--json"], { env })
  const worker = start(["worker"], { env }) // what was asked for waits for one
  await worker.says(/worker started/)
  const { code, stdout } = await asked
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ entities: 1, failed: 0, complete: true, error: null })
  const again = await fabra(["schedule", "run", "fails"], { env })
  expect(again).toMatchObject({ code: 1, stdout: expect.stringMatching(/1, 1 failed +complete +no luck$/m) })
  expect(await fabra(["schedule", "run", "stats_"], { env })).toMatchObject({ code: 5 })
  const { code: wrong, stderr } = await fabra(["schedule", "run", "seen"], { env })
  expect([wrong, stderr]).toEqual([2, expect.stringContaining('"seen" is not computed on schedule; these are: stats')])
})
