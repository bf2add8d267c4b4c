import { FeatureStore, MemoryVectorStore } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { PostgresOfflineStore } from "@fabra/offline-postgres"
import { PgVectorStore } from "@fabra/vector-pgvector"
import { afterEach, expect, test, vi } from "vitest"
import { Closing, opening } from "./closing.js"
import { openProject } from "./project.js"

const settings = { partitions: undefined, dedupeWindow: 120, group: "workers", postgresUrl: "postgres://127.0.0.1:1/x" }
const features = (store: FeatureStore) => ({ file: "features.ts", files: [], store })

/** Notes which parts of a project are closed, in order. */
function spyOnClosing(): string[] {
  const closed: string[] = []
  for (const part of [MemoryEventBus, PgVectorStore, PostgresOfflineStore]) {
    vi.spyOn(part.prototype, "close").mockImplementation(async () => void closed.push(part.name))
  }
  return closed
}

afterEach(() => void vi.restoreAllMocks())

test("everything that was opened is closed in reverse order at the end", async () => {
  const closed = spyOnClosing()
  const store = new FeatureStore()
  store.vectorIndex("documents")
  {
    await using project = await openProject(features(store), settings, { json: true })
    expect(project.store.offline).toBeInstanceOf(PostgresOfflineStore)
    project.defer(() => closed.push("worker"))
  }
  expect(closed).toEqual(["worker", "PostgresOfflineStore", "PgVectorStore", "MemoryEventBus"])
})

test("everything that was opened is closed in reverse order also when a later part cannot be opened", async () => {
  const closed = spyOnClosing()
  const store = new FeatureStore({ vectors: new MemoryVectorStore() })
  store.vectorIndex("documents")
  await expect(openProject(features(store), settings, { json: true })).rejects.toThrow("leave FABRA_POSTGRES_URL out")
  expect(closed).toEqual(["PgVectorStore", "MemoryEventBus"])
})

test("a part that cannot be closed keeps no other open, and its error is told", async () => {
  const closed: number[] = []
  const closing = new Closing()
  for (const n of [1, 2, 3]) {
    closing.defer(() => {
      closed.push(n)
      if (n > 1) throw new Error(`broken ${n}`)
    })
  }
  await expect(closing[Symbol.asyncDispose]()).rejects.toThrow("broken 3")
  expect(closed).toEqual([3, 2, 1])
})

test("why a part cannot be opened is told, and not that another cannot be closed either", async () => {
  const open = opening(async (closing) => {
    closing.use({ close: () => Promise.reject(new Error("not closed")) })
    throw new Error("not opened")
  })
  await expect(open).rejects.toThrow("not opened")
})
