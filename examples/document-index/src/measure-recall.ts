import { PgVectorStore } from "@fabra/vector-pgvector"
import { embeddedVectorStore } from "@fabra/vector-pgvector/embedded"
import { recall } from "./recall.js"

const COUNT = 10_000
const { POSTGRES_URL: url } = process.env

const store = url === undefined ? embeddedVectorStore() : new PgVectorStore({ url, schema: `recall_${Date.now()}` })
const share = await recall(store, COUNT)
console.log(`recall@10 on ${COUNT} vectors (${store.capabilities.name}): ${share.toFixed(3)}`)
await store.close()
process.exitCode = share >= 0.95 ? 0 : 1
