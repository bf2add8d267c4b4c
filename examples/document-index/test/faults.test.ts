import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { RedisEventBus } from "@fabra/bus-redis"
import { type PostgresTestDatabase, type RedisTestServer, startPostgres, startRedisServer } from "@fabra/testing"
import { PgVectorStore } from "@fabra/vector-pgvector"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createStore, documentDeleted, documentUpdated } from "../src/features.js"

const PROGRAM = fileURLToPath(new URL("./worker.ts", import.meta.url))
const DOCUMENTS = 20

let redis: RedisTestServer
let postgres: PostgresTestDatabase
let bus: RedisEventBus
let vectors: PgVectorStore
let env: Record<string, string>
const workers = new Set<ChildProcess>()
const { store } = createStore()

beforeAll(async () => {
  redis = await startRedisServer()
  postgres = await startPostgres()
  bus = new RedisEventBus({ url: redis.url })
  const { url } = postgres
  env = { REDIS_URL: redis.url, POSTGRES_URL: url }
  vectors = new PgVectorStore({ url })
  store.connect({ vectors })
  await store.migrate()
})
afterAll(async () => {
  for (const worker of workers) worker.kill("SIGKILL")
  await bus.close()
  await vectors.close()
  await postgres.stop()
  await redis.stop()
})

function startWorker(more: Record<string, string> = {}): ChildProcess {
  const worker = fork(PROGRAM, { execArgv: ["--import", "tsx"], env: { ...process.env, ...env, ...more } })
  workers.add(worker)
  worker.once("exit", () => workers.delete(worker))
  return worker
}

const id = (i: number) => `notes/${i}`
const text = (round: string, i: number) => `${round} text of note ${i}`

async function update(round: string): Promise<void> {
  const events = Array.from({ length: DOCUMENTS }, (_, i) =>
    documentUpdated.create({ entityId: id(i), payload: { content: text(round, i) } }),
  )
  for (const result of await bus.publish(events)) expect(result.ok).toBe(true)
}

/**
 * What stands in the index, chunk by chunk, becomes this. Asked in one statement: PGlite's only session is shared, and
 * a search, which takes a transaction, would take what the worker writes meanwhile into it.
 */
async function becomes(expected: readonly string[]): Promise<void> {
  const wanted = [...expected].sort().join("\n")
  for (;;) {
    const rows = await postgres.query("select text from fabra.chunks_1")
    const found = rows.map((row) => row.text).sort()
    if (found.join("\n") === wanted) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const all = (round: string) => Array.from({ length: DOCUMENTS }, (_, i) => text(round, i))

test("a worker killed between embedding and writing loses nothing, and leaves nothing old", async () => {
  await update("first")
  const [, signal] = await once(startWorker({ KILL_AT: "7" }), "exit")
  expect(signal).toBe("SIGKILL")
  await update("second")
  const [, again] = await once(startWorker({ KILL_AT: "9" }), "exit")
  expect(again).toBe("SIGKILL")
  startWorker()
  await becomes(all("second"))
  expect((await bus.deadLetters.list()).entries).toEqual([])
})

test("connections to Postgres that are cut meanwhile cost no document", async () => {
  await update("third")
  await postgres.cutConnections()
  await update("fourth")
  await becomes(all("fourth"))
})

test("what is deleted leaves no chunk, and is not found", async () => {
  await bus.publish(Array.from({ length: DOCUMENTS - 1 }, (_, i) => documentDeleted.create({ entityId: id(i) })))
  await becomes([text("fourth", DOCUMENTS - 1)])
  for (const worker of workers) worker.kill("SIGKILL")
  const hits = await store.search("documents", { text: "text of note", topK: 1000 })
  expect(hits.map(({ entityId }) => entityId)).toEqual([id(DOCUMENTS - 1)])
})
