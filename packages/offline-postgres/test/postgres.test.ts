import { type AddressInfo, connect, createServer } from "node:net"
import { type SqlLimits, sqlOn } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { type PostgresTestDatabase, startPostgres } from "@fabra/testing"
import pg from "pg"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { toFabraError } from "../src/errors.js"
import { PostgresOfflineStore, type PostgresOfflineStoreOptions } from "../src/index.js"
import { fill, hasServer } from "./support.js"

let postgres: PostgresTestDatabase

beforeAll(async () => {
  postgres = await startPostgres()
  await fill(
    postgres.url,
    `create table purchases (user_id text, amount numeric, at timestamp);
     insert into purchases select 'user_' || i % 10, i / 4.0, '2026-01-31 12:00:00' from generate_series(1, 100) as i;`,
  )
})
afterAll(() => postgres.stop())

const never = new AbortController().signal

function open(options: PostgresOfflineStoreOptions = { url: postgres.url }, limits: Partial<SqlLimits> = {}) {
  const offline = new PostgresOfflineStore(options)
  onTestFinished(() => offline.close())
  const all = { timeoutMs: 10_000, signal: never, ...limits }
  return { offline, limits: all, sql: sqlOn(offline, all) }
}

const codeAndMessage = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error) => [FabraError.from(error).code, (error as Error).message],
  )

test("what stands in a placeholder is a parameter, whatever it reads", async () => {
  const { sql } = open()
  const evil = "'; drop table purchases; --"
  expect(await sql`select ${evil}::text as said, ${[1, 2]}::int[] as list, ${{ a: [1] }}::jsonb as json`).toEqual([
    { said: evil, list: [1, 2], json: { a: [1] } },
  ])
  expect(await sql`select count(*) as n, sum(amount) as spent from purchases where user_id = ${"user_3"}`).toEqual([
    { n: 10, spent: 120 },
  ])
  expect(await sql`select count(*) as n from purchases where user_id = any(${["user_1", "user_2"]})`).toEqual([
    { n: 20 },
  ])
})

test("numbers are numbers, and no time depends on this machine's zone", async () => {
  const { sql } = open()
  const [row] = await sql`select 9007199254740991::int8 as big, 0.5::numeric as half, array[1, null]::int8[] as some,
    '2026-01-31'::date as day, '2026-01-31 12:00'::timestamp as local, '2026-01-31 12:00+02'::timestamptz as moment`
  expect(row).toEqual({
    big: 9007199254740991,
    half: 0.5,
    some: [1, null],
    day: "2026-01-31",
    local: new Date("2026-01-31T12:00:00Z"),
    moment: new Date("2026-01-31T10:00:00Z"),
  })
  expect(await codeAndMessage(sql`select 9007199254740993 as id`)).toEqual([
    "query_failed",
    expect.stringMatching(/^9007199254740993 has more digits .* select it as text/),
  ])
  // The connection is as good as before.
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }])
})

test("nothing is written but by who asked for that", async () => {
  const { sql } = open()
  expect(await codeAndMessage(sql`insert into purchases values ('x', 1)`)).toEqual([
    "query_failed",
    expect.stringMatching(/read-only transaction \(25006\)\. The offline store is for reading\.$/),
  ])
  expect(await codeAndMessage(sql`select 1; commit; insert into purchases values ('x', 1)`)).toEqual([
    "query_failed",
    expect.stringContaining("cannot insert multiple commands"),
  ])
  expect(await codeAndMessage(sql`select set_config('transaction_read_only', 'off', false)`)).toMatchObject([
    "query_failed",
    expect.any(String),
  ])
  expect(await sql`select count(*) as n from purchases where user_id = 'x'`).toEqual([{ n: 0 }])
  const { sql: writing } = open({ url: postgres.url, readOnly: false })
  await writing`create table written as select 1 as one`
  expect(await sql`select * from written`).toEqual([{ one: 1 }])
})

test("what cannot be asked says why", async () => {
  const { sql } = open()
  expect(await codeAndMessage(sql`select nothing from purchases`)).toEqual([
    "query_failed",
    'Postgres refuses the query: column "nothing" does not exist (42703).',
  ])
  expect(await codeAndMessage(sql`select ${undefined} as x`)).toEqual([
    "invalid_argument",
    'Parameter 1 of "select … as x" is undefined; null is what SQL knows.',
  ])
  expect(await codeAndMessage((sql as unknown as (text: string) => Promise<unknown>)("select 1"))).toMatchObject([
    "invalid_argument",
    expect.stringContaining("sql is a tag"),
  ])
  expect(await codeAndMessage(sqlOn(undefined, { timeoutMs: 1, signal: never })`select 1`)).toEqual([
    "invalid_setting",
    expect.stringContaining("set FABRA_POSTGRES_URL"),
  ])
  const nobody = open({ url: "postgres://app:hush@127.0.0.1:1/x" })
  expect(await codeAndMessage(nobody.sql`select 1`)).toEqual([
    "offline_unavailable",
    expect.stringMatching(/^Postgres could not be asked: connect ECONNREFUSED/),
  ])
  const wrong = Object.assign(new Error('password authentication failed for user "app"'), { code: "28P01" })
  for (const refusal of [wrong, new Error("SASL: client password must be a string")]) {
    expect(toFabraError(refusal, 1)).toMatchObject({
      code: "offline_unavailable",
      message: `Postgres refuses the login: ${refusal.message}.`,
    })
  }
  expect(() => open({ url: "localhost:5432" })).toThrow("url must read postgres://")
  expect(() => open({ url: postgres.url, pool: new pg.Pool() })).toThrow("name one of them")
})

test("a pool of one's own is used, and never closed", async () => {
  const pool = new pg.Pool({ connectionString: postgres.url, max: 1 })
  onTestFinished(() => pool.end())
  const { sql, offline } = open({ pool })
  await Promise.all([sql`select 1`, sql`select 2`]) // gives the one connection back
  await offline.close()
  expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }])
})

test("a signal ends the wait, and the time a statement may take is told to the server", async () => {
  const aborted = open(undefined, { signal: AbortSignal.abort(new Error("too late")) })
  expect(await codeAndMessage(aborted.sql`select 1`)).toEqual(["internal", "too late"])
  const { sql } = open(undefined, { timeoutMs: 1234 })
  expect(await sql`show statement_timeout`).toEqual([{ statement_timeout: "1234ms" }])
})

const gaveUp = ["timeout", "Postgres has not finished the query within 50 ms (timeoutMs)."]

// PGlite runs in this process, which it holds up while it works.
test.runIf(hasServer)("what takes too long is given up by the server (needs FABRA_TEST_POSTGRES_URL)", async () => {
  const { sql } = open(undefined, { timeoutMs: 50 })
  expect(await codeAndMessage(sql`select pg_sleep(60)`)).toEqual(gaveUp)
})

test("a network that swallows the query is waited for no longer than it may take, nor than is asked for", async () => {
  const proxy = createServer((client) => {
    const server = connect(Number(new URL(postgres.url).port), new URL(postgres.url).hostname)
    client.on("data", (data) => data.includes("swallowed") || server.write(data))
    server.pipe(client)
    for (const socket of [client, server])
      socket.on("error", () => {}).on("close", () => [client, server].map((one) => one.destroy()))
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void proxy.close())
  const url = Object.assign(new URL(postgres.url), { host: `127.0.0.1:${(proxy.address() as AddressInfo).port}` }).href
  const { sql } = open({ url }, { timeoutMs: 50 })
  expect(await codeAndMessage(sql`select 'swallowed'`)).toEqual(gaveUp)
  const stop = new AbortController()
  const { sql: waiting } = open({ url }, { signal: stop.signal })
  const answer = codeAndMessage(waiting`select 'swallowed'`)
  stop.abort(new Error("enough"))
  expect(await answer).toEqual(["internal", "enough"])
})
