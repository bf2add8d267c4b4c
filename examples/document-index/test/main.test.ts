import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { startPostgres } from "@fabra/testing"
import { PgVectorStore } from "@fabra/vector-pgvector"
import { expect, onTestFinished, test } from "vitest"
import { recall } from "../src/recall.js"

test("texts are indexed, edited, deleted and searched", async () => {
  const cwd = fileURLToPath(new URL("..", import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "src/main.ts", "8"], { cwd })
  const [indexed = "", asked = "", edited = "", gone = ""] = stdout.split("\n\n")
  expect(indexed).toMatch(
    /^Migration 1: .*\nMigration 2: .*\nMade the index "documents" .*\n8 documents are indexed\.$/,
  )
  expect(asked).toMatch(
    /^What happens to an event that kills its worker\?(\n {2}0\.\d{4} {2}\S+\.md, characters \d+ to \d+){3}$/,
  )
  expect(edited.split("\n")[1]).toMatch(/ README\.md, characters 0 to 22$/) // the new text is all there is of it
  expect(gone).toMatch(/^zebras and horses\n/)
  expect(gone).not.toMatch(/ README\.md,/)
})

test("the index finds nearly all that an exact search finds", async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  // So few would be read from end to end. PGlite has one session for all, a server has one for each connection.
  await postgres.query("set enable_seqscan = off")
  const store = new PgVectorStore({ url: `${postgres.url}?options=-c%20enable_seqscan%3Doff` })
  onTestFinished(() => store.close())
  expect(await recall(store, 1_500)).toBeGreaterThanOrEqual(0.95)
})
