import type { MetadataFilter } from "@fabra/core"
import { matchesMetadata, parseFilter } from "@fabra/core/adapter"
import type { JsonObject } from "@fabra/events"
import { expect } from "vitest"
import { type Check, direction, document } from "./world.js"

const DOCUMENTS: Readonly<Record<string, JsonObject>> = {
  en: { lang: "en", year: 2020, draft: false },
  de: { lang: "de", year: 2024, draft: true },
  text: { lang: "en", year: "2024", draft: "true" },
  empty: {},
  nulls: { lang: null, year: null },
  nested: { lang: ["en"], year: { value: 2020 } },
  small: { year: -0.5, lang: "" },
  large: { year: 1e21, lang: "\u{1f600}" },
  odd: { lang: "\uffee", "it's": "x", 'a"b\\': 1, "a.b": 2, "": 3, $: 4 },
  nul: { lang: "a\u0000b", "k\u0000": 1 },
}

const FILTERS: readonly MetadataFilter[] = [
  {},
  { lang: "en" },
  { lang: { $eq: "en" }, year: 2020 },
  { lang: "" },
  { lang: null },
  { draft: true },
  { draft: "true" },
  { year: 2024 },
  { year: "2024" },
  { missing: "en" },
  { missing: null },
  { lang: { $in: ["en", "de", 5, null] } },
  { lang: { $in: [] } },
  { year: { $gt: 2020 } },
  { year: { $gte: 2020, $lt: 2024 } },
  { year: { $lte: 0 } },
  { year: { $gt: "2000" } },
  { year: { $gte: 1e21 } },
  { lang: { $gt: "de" } },
  // By code points an emoji comes after U+FFEE; by UTF-16 units it would come before.
  { lang: { $gt: "\uffee" } },
  { lang: { $lt: "\u{1f600}" } },
  { $not: { lang: "en" } },
  { $not: { year: { $gt: 2020 } } },
  { $not: { missing: { $in: ["x"] } } },
  { $not: {} },
  { $and: [{ lang: "en" }, { year: { $lt: 2024 } }] },
  { $or: [{ lang: "de" }, { year: "2024" }] },
  { $or: [] },
  { $and: [] },
  { lang: "en", $or: [{ draft: false }, { year: "2024" }], $not: { year: "2024" } },
  { "it's": "x" },
  { 'a"b\\': 1 },
  { "a.b": { $gte: 2 } },
  { "": 3 },
  { lang: "a\u0000b" },
  { lang: { $in: ["a\u0000b", "'; drop table documents; --"] } },
  { "k\u0000": 1 },
  { "k\u0000": { $gt: 0 } },
]

/** Which documents count. */
export function testFilters(check: Check): void {
  // The last word on what a filter means is the function that reads it; this holds it to a few known answers.
  const answers: readonly (readonly [MetadataFilter, readonly string[]])[] = [
    [{ lang: "en" }, ["en", "text"]],
    [{ year: { $gt: 2020 } }, ["de", "large"]],
    [{ $not: { lang: "en" } }, ["de", "empty", "nulls", "nested", "small", "large", "odd", "nul"]],
    [{ lang: { $gt: "\uffee" } }, ["large"]],
  ]

  check("finds by filter what the filter means", async (world) => {
    const index = await world.index()
    const entries = Object.entries(DOCUMENTS).map(([id, metadata]) => [id, { ...metadata }] as const)
    // Fields that begin with a dollar sign never get here; the contract of the store above refuses them.
    for (const [, metadata] of entries) delete (metadata as Record<string, unknown>).$
    await world.store.upsert(
      index.schema,
      entries.map(([id, metadata]) => document(id, [id], { metadata })),
    )
    const found = async (filter: MetadataFilter) => (await index.texts({ filter: parseFilter(filter) })).sort()
    for (const [filter, ids] of answers) expect([filter, await found(filter)]).toEqual([filter, [...ids].sort()])
    for (const filter of FILTERS) {
      const node = parseFilter(filter)
      const meant = entries.flatMap(([id, metadata]) => (matchesMetadata(metadata, node) ? [id] : []))
      expect([filter, await found(filter)]).toEqual([filter, meant.sort()])
    }
  })

  check("filters by vector, by text and fused, before it counts to topK", async (world) => {
    const index = await world.index()
    const documents = Array.from({ length: 40 }, (_, n) =>
      document(`doc ${n}`, [`harbour ${n}`], {
        metadata: { rare: n >= 38 },
        chunks: [{ text: `harbour ${n}`, start: 0, end: 10, vector: direction(n) }],
      }),
    )
    await world.store.upsert(index.schema, documents)
    const filter = parseFilter({ rare: true })
    for (const query of [{ vector: direction(0) }, { text: "harbour" }, { vector: direction(0), text: "harbour" }]) {
      const hits = await index.search({ ...query, filter, topK: 2 })
      expect(hits.map(({ entityId }) => entityId).sort()).toEqual(["doc 38", "doc 39"])
    }
  })
}
