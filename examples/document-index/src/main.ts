import { MemoryEventBus } from "@fabra/events"
import { embeddedVectorStore } from "@fabra/vector-pgvector/embedded"
import { AxiomWorker } from "@fabra/worker"
import { createStore, documentDeleted, documentUpdated } from "./features.js"
import { textsOf } from "./texts.js"

// npm start -- 8: only so many of the texts.
const [most] = process.argv.slice(2).map(Number)

const vectors = embeddedVectorStore()
const { store, documents } = createStore()
store.connect({ vectors })
for (const line of await store.migrate()) console.log(line)

const bus = new MemoryEventBus()
const worker = new AxiomWorker(store, { bus })
const running = worker.run()

const texts = textsOf(/\.md$/)
  .filter(({ content }) => content.length < 100_000)
  .slice(0, most)
for (const { path, content } of texts)
  await bus.publish(documentUpdated.create({ entityId: path, payload: { content } }))
await worker.idle()
console.log(`${texts.length} documents are indexed.`)

async function ask(text: string): Promise<void> {
  console.log(`\n${text}`)
  for (const { entityId, start, end, score } of await store.search(documents, { text, topK: 3, mode: "hybrid" })) {
    console.log(`  ${score.toFixed(4)}  ${entityId}, characters ${start} to ${end}`)
  }
}

await ask("What happens to an event that kills its worker?")
const content = "Zebras are not horses."
await bus.publish(documentUpdated.create({ entityId: "README.md", payload: { content } }))
await worker.idle()
await ask("zebras and horses") // the README as it is now
await bus.publish(documentDeleted.create({ entityId: "README.md" }))
await worker.idle()
await ask("zebras and horses") // it is gone

await worker.stop()
await running
await Promise.all([bus.close(), vectors.close()])
