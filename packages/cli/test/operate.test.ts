import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createRedisClient, RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { decodeValue } from "@fabra/core/adapter"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { fabra, Running, spawned } from "./fabra.js"
import { mask, screen } from "./screens.js"
import { eventually, start, temporaryDirectory } from "./with-the-test.js"

// One Redis, and one pair of worker processes, for all that a person does beside them.
let server: RedisTestServer
let workers: Running
let cache: RedisFeatureCache
let env: Record<string, string>

beforeAll(async () => {
  server = await startRedisServer({ appendOnly: true })
  env = { FABRA_REDIS_URL: server.url, FABRA_NAMESPACE: server.namespace(), FABRA_FEATURES: "my_features.ts" }
  cache = new RedisFeatureCache({ url: server.url, namespace: env.FABRA_NAMESPACE as string })
  workers = new Running(["worker", "--processes", "2", "--name", "named"], { env })
  await workers.says(/worker started[\s\S]*worker started/)
})
afterAll(async () => {
  expect(await workers.stop("SIGINT")).toBe(0)
  await cache.close()
  await server.stop()
})

const run = (args: readonly string[], input?: string) => fabra(args, { env, ...(input === undefined ? {} : { input }) })
const json = async (args: readonly string[], input?: string) =>
  JSON.parse((await run([...args, "--json"], input)).stdout)
/** What `get` would show, without a process for each look. */
const stored = async (id: string, feature: string) => {
  const [[found] = []] = await cache.read([{ entityType: "User", entityId: id }], [feature])
  return found && decodeValue(found.text)
}

test("publish and get", async () => {
  const event = ["publish", "purchase", "--entity", "ann", "--payload", '{"amount": 99.99, "product_id": "p"}']
  const first = await spawned([...event, "--event-id", "order-1", "--timestamp", "2026-01-31T12:00:00Z"], { env })
  expect(first).toEqual({ code: 0, stdout: "Published order-1.\n", stderr: "" })
  expect(await json([...event, "--event-id", "order-1"])).toEqual({ event_id: "order-1", duplicate: true })
  await eventually(() => stored("ann", "total_purchases")).toBe(1)
  expect((await json(["get", "User", "ann"])).features).toMatchObject({
    last_purchase_amount: { value: 99.99, status: "PRESENT", event_time: "2026-01-31T12:00:00.000Z" },
    total_purchases: { value: 1 },
    plan: { value: "free", status: "DEFAULT", event_time: null, computed_at: null },
  })
  await workers.says(
    /"event_type":"purchase","entity_id":"ann","event_id":"order-1","duration_ms":\d+,"features_updated":\["last_/,
  )
  const { stdout } = await spawned(["get", "User", "ann", "plan"], { env })
  expect(stdout).toBe('feature  value   status   event time  computed at\nplan     "free"  DEFAULT  –           –\n')
})

test("values of features that the code no longer has are listed and removed, page by page", async () => {
  const old = async (ids: readonly string[]) => {
    const value = { text: "1", eventTime: null, computedAt: 1 }
    const keys = ids.map((entityId) => ({ entityType: "Shop", entityId }))
    const values = (n: number) =>
      new Map(
        [
          ["gone", value],
          ["goner", value],
        ].slice(0, 1 + (n % 2)) as [string, typeof value][],
      )
    await cache.write(keys.map((key, n) => ({ key, token: `old-${key.entityId}`, values: values(n) })))
  }
  await old(Array.from({ length: 600 }, (_, n) => `shop-${n}`))
  const unused = await json(["feature", "unused", "Shop"])
  expect(unused).toMatchObject({ entity: "Shop", scanned: 600, next: null })
  expect(unused.features).toEqual(
    expect.arrayContaining([
      { name: "gone", entities: 600 },
      { name: "goner", entities: 300 },
    ]),
  )
  expect(await json(["feature", "unused", "User"])).toMatchObject({ features: [] })
  expect(await run(["feature", "remove", "User", "total_purchases"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^error: Feature "total_purchases" is defined in my_features\.ts: remove it there first/,
    ),
  })
  const some = await json(["feature", "remove", "Shop", "gone", "--limit", "1"])
  expect(some.next).toEqual(expect.any(String))
  const rest = await run(["feature", "remove", "Shop", "gone", "--after", some.next])
  expect(rest).toMatchObject({ code: 0, stdout: `${600 - some.removed} values removed.\n` })
  expect((await json(["feature", "unused", "Shop"])).features).toEqual([{ name: "goner", entities: 300 }])
})

test("groups are listed, removed and handed over, and a worker of a second group says what to do", async () => {
  await eventually(() => json(["group", "list"])).toMatchObject([
    { group: "fabra_workers", workers: 2, features: expect.arrayContaining(["total_purchases"]) },
  ])
  const second = await spawned(["worker", "my_features.ts", "--group", "mine"], { env })
  expect(second.code).toBe(2)
  expect(second.stderr).toMatch(
    /error: Consumer group "mine" cannot compute feature "\w+" and \d+ more: group "fabra_workers"/,
  )
  expect(await run(["group", "hand-over", "fabra_workers", "mine"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error: Nothing was handed over: worker "named\S*" of group "fabra_workers" runs/),
  })
  expect(await run(["group", "remove", "fabra_workers"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^error: Group "fabra_workers" computes .*: `fabra group hand-over fabra_workers <to>`/,
    ),
  })
  expect(await run(["group", "remove", "mine"])).toMatchObject({
    code: 5,
    stderr: 'error: There is no group "mine". There are fabra_workers.\n',
  })

  // Elsewhere, where no worker runs.
  const elsewhere = { ...env, FABRA_NAMESPACE: server.namespace() }
  const there = async (...args: string[]) => JSON.parse((await fabra([...args, "--json"], { env: elsewhere })).stdout)
  const worker = start(["worker", "my_features.ts", "--group", "old"], { env: elsewhere })
  await worker.says(/worker started/)
  await there("publish", "purchase", "--entity", "ann", "--payload", '{"amount": 1, "product_id": "p"}')
  await eventually(async () => (await there("lag", "--group", "old")).events).toBe(0)
  expect(await worker.stop("SIGTERM")).toBe(0)
  expect(await there("group", "hand-over", "old", "new")).toMatchObject({ from: "old", to: "new" })
  expect(await there("group", "list")).toMatchObject([{ group: "new", workers: 0, events: 0 }])
  const bus = new RedisEventBus({ url: server.url, namespace: elsewhere.FABRA_NAMESPACE })
  onTestFinished(() => bus.close())
  const deadLetterOf = (group: string, n: number) => ({
    ...{
      group,
      partition: 0,
      position: `000000000000${n}-0000000000`,
      data: "{",
      features: [],
      reason: "invalid_event" as const,
    },
    ...{ error: { name: "Error", message: "no event" }, attempts: 1, firstFailedAt: 1, lastFailedAt: 1 },
  })
  await bus.deadLetters.append([deadLetterOf("new", 1), deadLetterOf("new", 2), deadLetterOf("kept", 3)])
  const removed = await fabra(["group", "remove", "new", "--features"], { env: elsewhere })
  expect(removed.stdout).toMatch(
    /^Group "new" is removed\. It computes .* no more\. Its 2 dead letters stay, .*--dead-letters/,
  )
  expect(await there("group", "remove", "new", "--dead-letters")).toEqual({
    ...{ group: "new", removed: false, features: [], dead_letters: 0, discarded: 2 },
  })
  expect((await bus.deadLetters.list()).entries.map(({ group }) => group)).toEqual(["kept"])
  expect((await fabra(["group", "list"], { env: elsewhere })).stdout).toBe(
    "There is no group: no worker has run yet.\n",
  )
})

test("what makes no sense is refused before it is published", async () => {
  expect(await run(["publish", "purchse", "--entity", "ann"])).toEqual({
    ...{ code: 1, stdout: "" },
    stderr: 'error: No feature is triggered by "purchse". Did you mean "purchase"?\n',
  })
  const wrong = await run(["publish", "purchase", "--entity", "ann", "--payload", "{}"])
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("payload.amount: Invalid input") })
  const broken = await run(["publish", "purchase", "--entity", "ann", "--payload", "{amount: 1}"])
  expect(broken).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: --payload is not JSON: .*\n$/) })
  expect(await run(["publish", "purchase"])).toMatchObject({ code: 2 })
  expect(await run(["get", "Usr", "ann"])).toMatchObject({ code: 5, stderr: expect.stringContaining('mean "User"?') })
  expect(await run(["get", "User", "ann", "plam"])).toMatchObject({ code: 5 })
})

test("a file of JSON lines: each bad one is told with its line, the others are taken once", async () => {
  const good = (id: string, amount: number) =>
    JSON.stringify({
      event_type: "purchase",
      entity_id: id,
      event_id: `${id}-${amount}`,
      payload: { amount, product_id: "p" },
    })
  const lines = [
    good("bob", 1),
    "",
    "{oops",
    good("bob", 2),
    '{"event_type": "purchase"}',
    good("cy", 3),
    good("bob", 1),
  ]
  const { code, stdout, stderr } = await spawned(["publish", "--file", "-"], { env, input: lines.join("\n") })
  expect(stdout).toBe("3 events published, 1 there already, 2 refused.\n")
  expect(stderr).toMatch(/^error: line 3: .*JSON.*\nerror: line 5: The event has no entity_id\.\n$/)
  expect(code).toBe(1)
  await eventually(() => stored("bob", "total_purchases")).toBe(2)
})

test("a table: columns that are no part of an event are its payload", async () => {
  const file = join(await temporaryDirectory(), "purchases.csv")
  const lines = ["entity_id,event_id,amount,product_id", 'di,t1,1.5,"a, ""b"""', "di,t2,20,00123", "di,t3,x,c"]
  await writeFile(file, `\ufeff${lines.join("\r\n")}\r\n`)
  expect(await json(["publish", "purchase", "--file", file])).toEqual({
    ...{ published: 2, duplicates: 0, refused: 1 },
    refusals: [{ line: 4, code: "invalid_event", message: expect.stringContaining("payload.amount") }],
  })
  await eventually(() => stored("di", "total_purchases")).toBe(2)
  expect(await stored("di", "last_purchase_amount")).toBe(20)
})

test("many events, in order", async () => {
  const events = Array.from({ length: 5_000 }, (_, n) => ({
    ...{ event_type: "purchase", entity_id: `many-${n % 100}`, payload: { amount: n, product_id: "p" } },
  }))
  const input = events.map((event) => JSON.stringify(event)).join("\n")
  expect(await json(["publish", "--file", "-"], input)).toMatchObject({ published: 5_000, refused: 0 })
  await eventually(() => stored("many-99", "total_purchases")).toBe(50)
  expect(await stored("many-99", "last_purchase_amount")).toBe(4_999)
})

test("watch shows what is applied as it is applied, by whichever process", async () => {
  const watch = start(["watch", "--json"], { env })
  const redis = createRedisClient({ url: server.adminUrl })
  onTestFinished(() => redis.disconnect())
  // A message that no worker has sent is nothing to it.
  const rubbish = () =>
    Promise.all(["[]", "{", "null"].map((text) => redis.publish(`${env.FABRA_NAMESPACE}:applied`, text)))
  await eventually(async () => Math.min(...(await rubbish()))).toBeGreaterThan(0)
  // Workers notice within a second that somebody watches.
  await eventually(async () => {
    await run(["publish", "purchase", "--entity", "eve", "--payload", '{"amount": 7, "product_id": "p"}'])
    return watch.output
  }).toContain('"entity_id":"eve"')
  const [line = ""] = watch.output.split("\n")
  expect(JSON.parse(line)).toMatchObject({
    ...{ event_type: "purchase", entity: "User", attempts: 1 },
    features: { last_purchase_amount: 7, total_purchases: expect.any(Number), total_spent: expect.any(Number) },
  })
  expect(await watch.stop("SIGINT")).toBe(0)
})

test("lag and doctor, while all is well", async () => {
  const { partitions, group } = await json(["lag"])
  expect(group).toBe("fabra_workers")
  expect(partitions).toHaveLength(16)
  expect(new Set(partitions.map(({ owner }: { owner: string }) => owner)).size).toBe(2)
  const unknown = await run(["lag", "--group", "nobody"])
  expect(unknown).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(
      /^error: There is no group "nobody" on this bus: .* Start one, or name another group\.\n$/,
    ),
  })

  const checks = await json(["doctor"])
  expect(checks.filter(({ status }: { status: string }) => status !== "ok")).toEqual([])
  expect(checks.map(({ name }: { name: string }) => name)).toEqual([
    ...[
      "node",
      "settings",
      "features",
      "redis",
      "redis version",
      "eviction",
      "persistence",
      "memory",
      "replicas",
      "clock",
    ],
    ...["namespace", "workers", "dead letters"],
  ])
})

test("find: the entities whose values match", async () => {
  for (const [id, amount] of [
    ["rich", 987654],
    ["poor", 1],
  ] as const) {
    const payload = JSON.stringify({ amount, product_id: "p" })
    await run(["publish", "purchase", "--entity", `find-${id}`, "--payload", payload])
  }
  const filter = '{"total_spent": {"$gte": 987654}}'
  const find = async () => JSON.parse((await run(["find", "User", "plan", "--filter", filter, "--json"])).stdout).rows
  await eventually(find).toMatchObject([
    {
      entity_id: "find-rich",
      features: { total_spent: { value: 987654 }, plan: { value: "free", status: "DEFAULT" } },
    },
  ])
  const shown = await run(["find", "User", "--filter", filter])
  expect(shown.stdout).toMatch(/^id +total_spent\nfind-rich +987654\n$/)
  expect(shown.stderr).toMatch(/^\d+ entities looked at, all there are\.\n$/)
  expect(await run(["find", "User", "--filter", "{"])).toMatchObject({ code: 2 })
  expect(await run(["find", "User"])).toMatchObject({ code: 2 })
})

test("erase: without waiting it says that workers may bring something back", async () => {
  const read = async () => JSON.parse((await run(["get", "User", "erased", "--json"])).stdout).features
  await run(["publish", "purchase", "--entity", "erased", "--payload", '{"amount": 5, "product_id": "p"}'])
  await eventually(read).toMatchObject({ total_purchases: { value: 1 } })
  const { code, stdout, stderr } = await run(["erase", "User", "erased", "--timeout", "0"])
  expect(stdout).toMatch(/^User erased: its record is emptied; the id stays, .*, 0 dead letters discarded\.\n$/)
  expect(stderr).toMatch(/^warning: Workers of fabra_workers have not applied all its events of before: /)
  expect(code).toBe(1)
  expect(await read()).toMatchObject({ total_purchases: { status: "MISSING" }, total_spent: { status: "DEFAULT" } })
  expect(await run(["erase", "User", "erased", "--timeout", "61"])).toMatchObject({ code: 2 })
})

test("dlq: list, show, replay, discard", async () => {
  const list = (...filter: string[]) => json(["dlq", "list", ...filter])
  // One after the other: they are in partitions of their own.
  for (const [i, what] of ["one", "two", "three"].entries()) {
    await run(["publish", "risky_event", "--entity", `fay-${what}`, "--payload", JSON.stringify({ what })])
    await eventually(() => list()).toHaveLength(i + 1)
  }
  const [first, second, third] = await list("--event-type", "risky_event", "--feature", "risky_feature")
  expect(first).toMatchObject({
    ...{ event_type: "risky_event", entity_id: "fay-one", features: ["risky_feature"], reason: "handler_failed" },
    ...{ attempts: 2, error: { message: "the api said no to one" } },
  })
  expect(await list("--limit", "1")).toEqual([first])
  expect(await list("--entity", "fay-two")).toEqual([second])
  // As docs/cli.md shows them.
  for (const command of ["dlq list", "lag", "doctor"]) {
    expect(mask((await spawned(command.split(" "), { env })).stdout)).toBe(screen(command))
  }

  const shown = JSON.parse((await run(["dlq", "show", second.id])).stdout)
  expect(shown).toMatchObject({ ...second, event: { payload: { what: "two" } } })
  expect(shown.error.stack).toMatch(/my_features\.ts:\d+/)
  expect(await run(["dlq", "show", "1-1"])).toMatchObject({ code: 5, stderr: "error: There is no dead letter 1-1.\n" })

  expect(await json(["dlq", "replay", first.id, "1-1"])).toMatchObject({ replayed: 1, failed: [{ id: "1-1" }] })
  expect(await json(["dlq", "discard", third.id])).toEqual({ discarded: 1 })
  // Replayed, it fails again.
  const ids = async () => (await list()).map(({ entity_id }: { entity_id: string }) => entity_id)
  await eventually(ids).toEqual(["fay-two", "fay-one"])
  expect(await run(["dlq", "discard"])).toMatchObject({ code: 2, stderr: expect.stringContaining("or give --all") })
  expect(await run(["dlq", "discard", "--all"])).toMatchObject({ stdout: "2 dead letters discarded.\n" })
  expect(await run(["dlq", "list"])).toMatchObject({ code: 0, stdout: "No dead letters.\n" })
})

test("a worker process that dies is started again", async () => {
  const pids = () =>
    [...workers.output.matchAll(/"pid":(\d+),"message":"worker started"/g)].map(([, pid]) => Number(pid))
  const [first] = pids()
  process.kill(first as number, "SIGKILL")
  await workers.says(
    new RegExp(`"pid":${first},"reason":"SIGKILL","message":"worker died; starting another in 250 ms"`),
  )
  await eventually(pids).toHaveLength(3)
})
