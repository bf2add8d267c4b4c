import type { Metric } from "@fabra/core"
import type { VectorDocument } from "@fabra/core/adapter"
import { expect } from "vitest"
import { type Check, direction, document } from "./world.js"

/** A document of one chunk at that vector. */
function single(entityId: string, vector: Float32Array, rest: Partial<VectorDocument> = {}): VectorDocument {
  return document(entityId, [], { chunks: [{ text: entityId, start: 0, end: entityId.length, vector }], ...rest })
}

/** Finding by vector. */
export function testSearch(check: Check): void {
  const long = direction(50).map((value) => value * 3)
  const expected: Record<Metric, readonly (readonly [id: string, score: number])[]> = {
    cosine: [
      ["near", Math.cos((10 / 180) * Math.PI)],
      ["long", Math.cos((50 / 180) * Math.PI)],
      ["far", -1],
    ],
    inner_product: [
      ["long", 3 * Math.cos((50 / 180) * Math.PI)],
      ["near", Math.cos((10 / 180) * Math.PI)],
      ["far", -1],
    ],
    l2: [
      ["near", 1 / (1 + 2 * Math.sin((5 / 180) * Math.PI))],
      ["far", 1 / (1 + 2)],
      ["long", 1 / (1 + Math.sqrt(10 - 6 * Math.cos((50 / 180) * Math.PI)))],
    ],
  }
  for (const metric of ["cosine", "inner_product", "l2"] as const) {
    check(`ranks and scores by ${metric}`, async (world) => {
      const index = await world.index({ metric })
      const documents = [single("near", direction(10)), single("long", long), single("far", direction(180))]
      await world.store.upsert(index.schema, documents)
      const hits = await index.search({ vector: direction(0) })
      const [exact] = [expected[metric]]
      expect(hits.map(({ entityId }) => entityId)).toEqual(
        [...exact].sort(([, a], [, b]) => b - a).map(([entityId]) => entityId),
      )
      for (const [id, score] of exact) expect(hits.find(({ entityId }) => entityId === id)?.score).toBeCloseTo(score, 4)
    })
  }

  check("gives the best ones and no more than are asked for", async (world) => {
    const index = await world.index()
    const documents = Array.from({ length: 60 }, (_, n) => single(`at ${n}`, direction(n * 3)))
    await world.store.upsert(index.schema, documents)
    const near = (degrees: number) =>
      Array.from({ length: 60 }, (_, n) => n)
        .sort((a, b) => Math.abs(a * 3 - degrees) - Math.abs(b * 3 - degrees))
        .map((n) => `at ${n}`)
    for (const topK of [1, 7, 60]) {
      const hits = await index.search({ vector: direction(100), topK })
      expect(hits.map(({ entityId }) => entityId)).toEqual(near(100).slice(0, topK))
    }
    expect(await index.search({ topK: 1000 })).toHaveLength(60)
    expect(await index.search({ topK: 50, efSearch: 1 })).toHaveLength(50)
  })

  check("finds several chunks of one document, each with its place", async (world) => {
    const index = await world.index()
    await index.upsert(document("one", ["first", "second", "third"]))
    const hits = await index.search({ vector: direction(2), topK: 2 })
    expect(hits).toMatchObject([
      { entityId: "one", chunk: 2, text: "third", start: 11, end: 16 },
      { entityId: "one", chunk: 1, text: "second", start: 5, end: 11 },
    ])
  })

  check("keeps vectors as long as it claims to", async (world) => {
    const dimensions = Math.min(world.store.capabilities.maxDimensions, 4_000)
    const index = await world.index({ dimensions })
    const wide = (degrees: number) => single(`at ${degrees}`, direction(degrees, dimensions))
    await world.store.upsert(index.schema, [wide(40), wide(20), wide(90)])
    const hits = await index.search({ vector: direction(0, dimensions) })
    expect(hits.map(({ entityId }) => entityId)).toEqual(["at 20", "at 40", "at 90"])
    expect(hits[0]?.score).toBeCloseTo(Math.cos((20 / 180) * Math.PI), 2)
  })

  check("finds the words of a text, any of them, and nothing else", async (world) => {
    const index = await world.index()
    await index.upsert(document("fox", ["The quick brown fox"]))
    await index.upsert(document("dog", ["A lazy dog & a quick cat"]))
    await index.upsert(document("tree", ["An old tree"]))
    const found = async (text: string) => (await index.search({ text })).map(({ entityId }) => entityId)
    expect(await found("quick fox")).toEqual(["fox", "dog"])
    expect(await found("TREE")).toEqual(["tree"])
    expect(await found("elephant")).toEqual([])
    expect(await found("!? & | ' \" \\ :* <->")).toEqual([])
    expect((await index.search({ text: "quick fox", topK: 1 })).map(({ text }) => text)).toEqual([
      "The quick brown fox",
    ])
  })

  check("fuses the ranks of both, so that what both find comes first", async (world) => {
    const index = await world.index()
    const place = (id: string, text: string, degrees: number) =>
      document(id, [], { chunks: [{ text, start: 0, end: text.length, vector: direction(degrees) }] })
    await index.upsert(place("both", "a harbour by the sea", 20))
    await index.upsert(place("vector", "something else", 0))
    await index.upsert(place("words", "harbour", 90))
    await index.upsert(place("neither", "mountains", 100))
    const hits = await index.search({ vector: direction(0), text: "harbour sea" })
    expect(hits.map(({ entityId }) => entityId)).toEqual(["both", "words", "vector", "neither"])
    const ranks = { both: [2, 1], words: [3, 2], vector: [1], neither: [4] }
    for (const { entityId, score } of hits) {
      const sum = ranks[entityId as "both"].reduce((total, rank) => total + 1 / (60 + rank), 0)
      expect(score).toBeCloseTo(sum, 6)
    }
    expect(await index.search({ vector: direction(0), text: "harbour sea", topK: 1 })).toHaveLength(1)
    expect(await index.search({ vector: direction(0), text: "nothing has this" })).toHaveLength(4)
  })
}
