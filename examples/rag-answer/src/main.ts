import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import OpenAI from "openai"
import { answer } from "./answer.js"
import { articleUpdated, createStore, purchase } from "./features.js"
import { startStandIn } from "./stand-in-model.js"

const shop = createStore()
const bus = new MemoryEventBus()
const worker = new AxiomWorker(shop.store, { bus })
const running = worker.run()

// With a key of your own the real model answers; without one, a stand-in on this machine.
const standIn = process.env.OPENAI_API_KEY ? undefined : await startStandIn()
const openai = standIn ? new OpenAI({ apiKey: "none", baseURL: standIn.baseURL }) : new OpenAI()

async function tell(question: string): Promise<void> {
  await worker.idle()
  const { text, sources } = await answer(shop, openai, "ann", question)
  console.log(`> ${question}\n${text}\n  (from ${sources.join(", ")})\n`)
}

const articles = {
  returns: "A kettle can be returned within 14 days, with its receipt.",
  descaling: "Descale a kettle with vinegar once a month.",
  delivery: "Orders above 50 are delivered free of charge.",
}
for (const [entityId, text] of Object.entries(articles)) {
  await bus.publish(articleUpdated.create({ entityId, payload: { text } }))
}
await bus.publish(purchase.create({ entityId: "ann", payload: { amount: 39.5, product: "kettle" } }))
await tell("Can a kettle be returned?")

// Both change, and the next prompt has what is true now.
const text = "A kettle can be returned within 30 days, with or without its receipt."
await bus.publish(articleUpdated.create({ entityId: "returns", payload: { text } }))
await bus.publish(purchase.create({ entityId: "ann", payload: { amount: 20.5, product: "teapot" } }))
await tell("Can a kettle be returned?")

await worker.stop()
await running
await bus.close()
standIn?.close()
