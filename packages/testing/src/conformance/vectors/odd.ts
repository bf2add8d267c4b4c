import type { JsonObject } from "@fabra/events"
import { expect } from "vitest"
import { ODD_IDS, ODD_NAMES, ODD_TEXTS } from "../odd-texts.js"
import { at, type Check, document } from "./world.js"

/** Texts that look like something else, and who holds what. */
export function testOddTexts(check: Check): void {
  check("keeps documents of odd ids apart", async (world) => {
    const index = await world.index()
    const writes = await world.store.upsert(
      index.schema,
      ODD_IDS.map((id, n) => document(id, ["text"], { version: at(n), metadata: { n } })),
    )
    expect(writes).toEqual(ODD_IDS.map(() => "applied"))
    const states = await world.store.find(index.schema, ODD_IDS)
    expect(states.map((state) => state?.version)).toEqual(ODD_IDS.map((_, n) => at(n)))
    const hits = await index.search({ topK: 1000 })
    expect(hits.map(({ entityId, metadata }) => ODD_IDS[metadata.n as number] === entityId)).toEqual(
      ODD_IDS.map(() => true),
    )
    await world.store.remove(
      index.schema,
      ODD_IDS.map((entityId) => ({ entityId, version: null, removedAt: 1 })),
    )
    expect(await index.texts()).toEqual([])
  })

  check("keeps texts to the letter", async (world) => {
    const index = await world.index()
    const texts = ODD_TEXTS.filter((text) => text !== "")
    await index.upsert(document("one", texts))
    const hits = await index.search({ topK: 1000 })
    expect(hits.sort((a, b) => a.chunk - b.chunk).map(({ text }) => text)).toEqual(texts)
  })

  check("keeps metadata, hashes, sources and positions to the letter", async (world) => {
    const index = await world.index()
    for (const [n, text] of ODD_TEXTS.entries()) {
      const metadata: JsonObject = { text, [`key ${text}`]: [text, { [text]: text }] }
      const version = { source: text, position: text }
      await index.upsert(document(`doc ${n}`, ["a"], { metadata, version, contentHash: text }))
      expect(await index.find(`doc ${n}`)).toEqual({ version, contentHash: text, writtenDirectly: false })
    }
    const hits = await index.search({ topK: 1000 })
    for (const { entityId, metadata } of hits) {
      const text = ODD_TEXTS[Number(entityId.slice(4))] as string
      expect(metadata).toEqual({ text, [`key ${text}`]: [text, { [text]: text }] })
    }
    expect(hits).toHaveLength(ODD_TEXTS.length)
  })

  check("keeps metadata fields of odd names apart", async (world) => {
    const index = await world.index()
    const metadata = Object.fromEntries(ODD_NAMES.map((name, n) => [name, n]))
    await index.upsert(document("one", ["a"], { metadata }))
    expect((await index.search())[0]?.metadata).toEqual(metadata)
    for (const [n, field] of ODD_NAMES.entries()) {
      expect(await index.texts({ filter: { op: "in", field, values: [n] } })).toEqual(["a"])
      expect(await index.texts({ filter: { op: "in", field, values: [n + 1] } })).toEqual([])
    }
  })

  check("does not see what callers do later to what they passed in or were given", async (world) => {
    const index = await world.index()
    const metadata = { tags: ["a"] }
    const written = document("one", ["text"], { metadata })
    await index.upsert(written)
    metadata.tags.push("b")
    written.chunks?.[0]?.vector.fill(0, 0, 1)
    const [hit] = await index.search()
    expect(hit).toMatchObject({ score: expect.closeTo(1, 5), metadata: { tags: ["a"] } })
    const tags = hit?.metadata.tags as string[]
    tags.push("c")
    expect((await index.search())[0]?.metadata).toEqual({ tags: ["a"] })
  })
}
