import { type VectorStore, WordHashEmbedder } from "@fabra/core"
import type { IndexSchema } from "@fabra/core/adapter"
import { textsOf } from "./texts.js"

const TOP = 10
const QUERIES = 100
const PORTION = 1_000

/**
 * How much of what an exact search finds does the store find? On `count` windows of this repository's texts.
 * @param store empty
 * @returns the share, 0 to 1, of the ten nearest of each of 100 others
 */
export async function recall(store: VectorStore, count: number): Promise<number> {
  const embedder = new WordHashEmbedder({ dimensions: 128 })
  const lines = textsOf(/\.(md|ts|mjs)$/).flatMap(({ content }) =>
    content.split("\n").filter((line) => line.trim() !== ""),
  )
  const windows = [...new Set(lines.map((_, i) => lines.slice(i, i + 4).join("\n")))].slice(0, count + QUERIES)
  if (windows.length < count + QUERIES) throw new Error(`There are no more than ${windows.length} texts.`)
  const vectors = await embedder.embed(windows)

  const { dimensions, id } = embedder
  const index: IndexSchema = { name: "windows", dimensions, metric: "cosine", embedder: id, language: "simple" }
  await store.migrate([index])
  const documents = vectors.slice(0, count).map((vector, i) => ({
    entityId: String(i),
    version: null,
    contentHash: "",
    metadata: {},
    eventTime: null,
    indexedAt: 0,
    chunks: [{ text: "", start: 0, end: 0, vector }],
  }))
  for (let i = 0; i < count; i += PORTION) await store.upsert(index, documents.slice(i, i + PORTION))

  let found = 0
  for (const vector of vectors.slice(count)) {
    const hits = await store.search(index, { vector, text: null, topK: TOP, filter: null, efSearch: null })
    // Vectors are of length 1: their dot product is what the store calls score. The last of the exact ones may have equals.
    const scores = vectors
      .slice(0, count)
      .map((other) => other.reduce((sum, x, i) => sum + x * (vector[i] as number), 0))
    const least = scores.toSorted((a, b) => b - a)[TOP - 1] as number
    found += hits.filter(({ score }) => score > least - 1e-6).length
  }
  return found / (QUERIES * TOP)
}
