import type { IndexSchema } from "@fabra/core/adapter"
import { expect } from "vitest"
import { type Check, direction, document, IndexView, refused, schemaOf } from "./world.js"

/** Indexes, and what they were made with. */
export function testSchema(check: Check): void {
  check("makes an index once, and says what it does", async (world) => {
    expect((await world.store.migrate([schemaOf()])).join(" ")).toContain('"documents"')
    expect(await world.store.migrate([schemaOf()])).toEqual([])
    expect((await world.store.migrate([schemaOf(), schemaOf({ name: "more" })])).join(" ")).toContain('"more"')
  })

  check("makes an index once, however many make it at the same time", async (world) => {
    const clients = [world.store, await world.other(), await world.other(), world.store]
    await Promise.all(clients.map((client) => client.migrate([schemaOf(), schemaOf({ name: "more" })])))
    expect(await world.store.migrate([schemaOf({ name: "more" }), schemaOf()])).toEqual([])
  })

  check("must be migrated before it is used if it claims so, and only then", async (world) => {
    const index = new IndexView(world.store, schemaOf({ name: "never_made" }))
    if (!world.store.capabilities.migrates) {
      await index.upsert(document("one", ["a"]))
      expect(await index.texts()).toEqual(["a"])
      return
    }
    for (const use of usesOf(index)) await refused(use(), "not_migrated")
    await world.store.migrate([schemaOf()])
    for (const use of usesOf(index)) await refused(use(), "not_migrated")
    await world.store.migrate([index.schema])
    await index.upsert(document("one", ["a"]))
  })

  const others: Partial<IndexSchema>[] = [
    { dimensions: 9 },
    { metric: "l2" },
    { embedder: "another" },
    { language: "german" },
  ]
  for (const other of others) {
    const [key, value] = Object.entries(other)[0] as [keyof IndexSchema, unknown]
    check(`refuses an index that was made with another ${key}`, async (world) => {
      const index = await world.index()
      await index.upsert(document("one", ["a"]))
      const wrong = new IndexView(await world.other(), schemaOf(other))
      for (const use of [() => wrong.store.migrate([wrong.schema]), ...usesOf(wrong)]) {
        const message = expect.stringMatching(new RegExp(`"documents".*${schemaOf()[key]}.*${value}`))
        await expect(use()).rejects.toMatchObject({ code: "index_mismatch", path: key, message })
      }
      expect(await index.texts()).toEqual(["a"])
    })
  }

  check("keeps indexes apart", async (world) => {
    const names = ["documents", "Documents", "a.b-c:d_e", "a.b-c:d-e", `n${"x".repeat(127)}`, "index", "select"]
    for (const [i, name] of names.entries()) {
      const index = await world.index({ name, dimensions: 3 + i })
      const chunks = [{ text: name, start: 0, end: name.length, vector: direction(0, 3 + i) }]
      await index.upsert(document("one", [], { chunks }))
    }
    for (const [i, name] of names.entries()) {
      const index = new IndexView(world.store, schemaOf({ name, dimensions: 3 + i }))
      expect(await index.texts()).toEqual([name])
      await index.remove("one", null)
      expect(await index.texts()).toEqual([])
    }
  })
}

/** Everything that can be done with an index. */
function usesOf(index: IndexView): (() => Promise<unknown>)[] {
  return [
    () => index.find("one"),
    () => index.upsert(document("one", [])),
    () => index.remove("one", null),
    () => index.search(),
  ]
}
