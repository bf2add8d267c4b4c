import { expect } from "vitest"
import { at, type Check, document, refused } from "./world.js"

/** Documents are whole, and come and go. */
export function testDocuments(check: Check): void {
  check("gives back all that was said of a document", async (world) => {
    const index = await world.index()
    const version = at(5)
    const metadata = { lang: "en", tags: ["a", { deep: null }], year: 2026.5, draft: false }
    expect(await index.upsert(document("one", ["Hello. ", "World."], { version, metadata }))).toBe("applied")
    expect(await index.find("one")).toEqual({ version, writtenDirectly: false, contentHash: "hash of Hello. World." })
    const shared = { entityId: "one", metadata, eventTime: 1_000, indexedAt: 1_500, score: expect.any(Number) }
    expect(await index.search()).toEqual([
      { ...shared, chunk: 0, text: "Hello. ", start: 0, end: 7 },
      { ...shared, chunk: 1, text: "World.", start: 7, end: 13 },
    ])
  })

  check("tells no event time from zero", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["a"], { eventTime: null }))
    await index.upsert(document("two", ["b"], { eventTime: 0 }))
    const times = (await index.search()).map(({ entityId, eventTime }) => [entityId, eventTime])
    expect(Object.fromEntries(times)).toEqual({ one: null, two: 0 })
  })

  check("leaves nothing of an earlier text, whether it was longer or shorter", async (world) => {
    const index = await world.index()
    for (const texts of [["a1", "a2", "a3"], ["b1"], ["c1", "c2"]]) {
      await index.upsert(document("one", texts))
      expect(await index.texts()).toEqual(texts)
      expect((await index.find("one"))?.contentHash).toBe(`hash of ${texts.join("")}`)
    }
  })

  check("keeps a document without chunks, and never finds it", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["a"]))
    await index.upsert(document("one", []))
    expect(await index.texts()).toEqual([])
    expect((await index.find("one"))?.contentHash).toBe("hash of ")
  })

  check("takes a document out", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["a"], { version: at(1) }))
    await index.upsert(document("two", ["b"], { version: at(1) }))
    expect(await index.remove("one", at(2))).toBe("applied")
    expect(await index.texts()).toEqual(["b"])
    expect(await index.find("one")).toEqual({ version: at(2), writtenDirectly: false, contentHash: null })
  })

  check("keeps chunks where it is told to, and moves everything else on", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["a", "b"], { version: at(1), metadata: { v: 1 } }))
    const next = { version: at(2), metadata: { v: 2 }, eventTime: 7, indexedAt: 8, chunks: null }
    expect(await index.upsert(document("one", ["a", "b"], next))).toBe("applied")
    const hits = await index.search()
    expect(hits.map(({ text }) => text)).toEqual(["a", "b"])
    for (const hit of hits) expect(hit).toMatchObject({ metadata: { v: 2 }, eventTime: 7, indexedAt: 8 })
    expect((await index.find("one"))?.version).toEqual(at(2))
  })

  check("keeps no chunks but those of the text that is meant", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["a"], { version: at(1) }))
    await index.upsert(document("gone", ["a"], { version: at(1) }))
    await index.remove("gone", at(2))
    const keep = { version: at(3), chunks: null, metadata: { v: 2 } }
    expect(await index.upsert(document("one", ["other"], keep))).toBe("changed")
    expect(await index.upsert(document("gone", ["a"], keep))).toBe("changed")
    expect(await index.upsert(document("never there", ["a"], keep))).toBe("changed")
    expect((await index.find("one"))?.version).toEqual(at(1))
    expect((await index.find("gone"))?.contentHash).toBeNull()
    expect(await index.find("never there")).toBeUndefined()
    expect(await index.search()).toMatchObject([{ text: "a", metadata: {} }])
  })

  check("writes many documents at once, judges each alone and answers in order", async (world) => {
    const index = await world.index()
    const ids = Array.from({ length: 150 }, (_, n) => `doc ${n}`)
    for (const [n, id] of ids.entries()) if (n % 3 === 0) await index.upsert(document(id, ["late"], { version: at(9) }))
    const writes = await world.store.upsert(
      index.schema,
      ids.map((id, n) => document(id, [`text ${n}`, "more"], { version: at(5), metadata: { n } })),
    )
    expect(writes).toEqual(ids.map((_, n) => (n % 3 === 0 ? "stale" : "applied")))
    const states = await world.store.find(index.schema, [...ids, "nobody"])
    expect(states.map((state) => state?.version?.position)).toEqual([
      ...ids.map((_, n) => at(n % 3 === 0 ? 9 : 5).position),
      undefined,
    ])
    const hits = await index.search({ topK: 1000 })
    expect(hits.filter(({ text }) => text === "late")).toHaveLength(50)
    for (const { text, entityId, metadata } of hits.filter(({ text }) => text.startsWith("text"))) {
      expect([text, entityId]).toEqual([`text ${metadata.n}`, `doc ${metadata.n}`])
    }
  })

  check("removes many documents at once", async (world) => {
    const index = await world.index()
    const ids = ["one", "two", "three"]
    for (const id of ids) await index.upsert(document(id, [id], { version: at(id === "two" ? 9 : 1) }))
    const removals = ids.map((entityId) => ({ entityId, version: at(5), removedAt: 1 }))
    expect(await world.store.remove(index.schema, removals)).toEqual(["applied", "stale", "applied"])
    expect(await index.texts()).toEqual(["two"])
  })

  check("does nothing when it is given nothing", async (world) => {
    const index = await world.index()
    expect(await world.store.upsert(index.schema, [])).toEqual([])
    expect(await world.store.remove(index.schema, [])).toEqual([])
    expect(await world.store.find(index.schema, [])).toEqual([])
    expect(await index.search()).toEqual([])
  })

  check("refuses a vector of another length, and writes nothing of that call", async (world) => {
    const index = await world.index()
    const wrong = document("two", [], { chunks: [{ text: "b", start: 0, end: 1, vector: new Float32Array([1, 2]) }] })
    await refused(world.store.upsert(index.schema, [document("one", ["a"]), wrong]), "invalid_value")
    await refused(index.search({ vector: new Float32Array([1, 2]) }), "invalid_value")
    expect(await index.texts()).toEqual([])
  })
}
