import type { EntityValue } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { type PostgresTestDatabase, startPostgres } from "@fabra/testing"
import { afterAll, beforeAll, expect, test } from "vitest"
import { PostgresOfflineStore } from "../src/index.js"
import { fill, hasServer } from "./support.js"

let postgres: PostgresTestDatabase
let offline: PostgresOfflineStore

beforeAll(async () => {
  postgres = await startPostgres()
  offline = new PostgresOfflineStore({ url: postgres.url })
  await fill(
    postgres.url,
    "create table t (id text, n int); insert into t values ('b', 2), ('a', 1), ('Ä', 4), ('B', 3)",
  )
})
afterAll(async () => {
  await offline.close()
  await postgres.stop()
})

const limits = { timeoutMs: 10_000, signal: new AbortController().signal }
const values = (text: string, after?: string) => offline.entityValues(text, { ...limits, limit: 3, after })

async function pages(text: string, after?: string) {
  const found: (readonly EntityValue[])[] = []
  for await (const page of values(text, after)) found.push(page)
  return found.map((page) => page.map(({ entityId, value }) => [entityId, value]))
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => "no failure",
    (error) => `${FabraError.from(error).code}: ${error.message}`,
  )

test("values come page by page, by id in the order of its bytes", async () => {
  const query = "select id as entity_id, n as value from t;  "
  expect(await pages(query)).toEqual([
    [
      ["B", 3],
      ["a", 1],
      ["b", 2],
    ],
    [["Ä", 4]],
  ])
  expect(await pages(query, "a")).toEqual([
    [
      ["b", 2],
      ["Ä", 4],
    ],
  ])
  expect(await pages(query, "Ä")).toEqual([])
  // Of an own shape, with an id that is no text.
  const shaped = "with s as (select 7 as k) select jsonb_build_object('k', k) as value, k as entity_id from s -- end"
  expect(await pages(shaped)).toEqual([[["7", { k: 7 }]]])
})

test("a query that is no query of a feature is told apart", async () => {
  expect(await failure(offline.checkQuery("select id, n from t", limits))).toBe(
    "query_failed: The query yields the columns id, n: it must yield entity_id and value.",
  )
  expect(await failure(pages("select id as entity_id, n as value, 1 as value from t"))).toMatch(
    "entity_id, value, value",
  )
  expect(await failure(pages("select null as entity_id, 1 as value"))).toMatch("a row without entity_id")
  expect(await failure(pages("select id as entity_id, n as value from t", "b"))).toBe("no failure")
  expect(await failure(pages("delete from t returning id as entity_id, n as value"))).toMatch("query_failed")
  expect(await failure(pages("select 1 as entity_id, 1 as value) as x; delete from t --"))).toMatch("query_failed")
  expect(await failure(offline.checkQuery("select id as entity_id, n as value from t", limits))).toBe("no failure")
})

// All connections to PGlite share one session.
test.runIf(hasServer)("what is written meanwhile is in no page (needs FABRA_TEST_POSTGRES_URL)", async () => {
  await fill(postgres.url, "create table moving as select i::text as id, 1 as n from generate_series(1, 9) as i")
  const found: unknown[] = []
  for await (const page of values("select id as entity_id, n as value from moving")) {
    found.push(...page.map(({ value }) => value))
    await fill(postgres.url, "update moving set n = 2")
  }
  expect(found).toEqual(Array(9).fill(1))
})

test("a connection that is left in the middle is not used again", async () => {
  for (let i = 0; i < 12; i++) {
    for await (const page of values("select id as entity_id, n as value from t")) {
      expect(page).toHaveLength(3)
      break
    }
  }
  expect(await offline.query({ text: "select 1 as one", parameters: [] }, limits)).toEqual([{ one: 1 }])
})
