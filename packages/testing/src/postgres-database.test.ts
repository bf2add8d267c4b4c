import { existsSync } from "node:fs"
import { expect, test } from "vitest"
import { startPostgres } from "./postgres-database.js"

const { FABRA_TEST_PGLITE_TEMPLATE: template = "", FABRA_TEST_POSTGRES_URL: external } = process.env

test("a database has nothing of one before it, be it copied from the template or what the template was made of", async () => {
  for (let i = 0; i < 2; i++) {
    const postgres = await startPostgres()
    await postgres.query("create extension vector")
    await postgres.query("create table a as select '[1,2]'::vector")
    expect(await postgres.query("select * from a")).toHaveLength(1)
    await postgres.stop()
  }
  expect(existsSync(template) || external !== undefined).toBe(true)
})
