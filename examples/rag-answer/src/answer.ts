import type OpenAI from "openai"
import type { createStore } from "./features.js"

/** What went into a prompt, and what came of it. */
export interface Answer {
  readonly text: string
  /** Articles in the prompt, best first. */
  readonly sources: readonly string[]
}

/** Answers a customer's question from what is known of them and from the articles that fit it, both as of this moment. */
export async function answer(
  { store, articles, lastProduct, totalSpend }: ReturnType<typeof createStore>,
  openai: OpenAI,
  customerId: string,
  question: string,
): Promise<Answer> {
  const [{ features }, hits] = await Promise.all([
    store.getFeatures([lastProduct, totalSpend], customerId),
    store.search(articles, { text: question, topK: 2, mode: "hybrid" }),
  ])
  const { choices } = await openai.chat.completions.create({
    model: process.env.CHAT_MODEL ?? "gpt-4o-mini",
    messages: [
      {
        role: "system",
        content: [
          "Answer from the articles alone; say so if they do not tell.",
          `The customer bought last: ${features.last_product.value ?? "nothing yet"}. Spent in all: ${features.total_spend.value}.`,
          ...hits.map(({ entityId, text }) => `Article ${entityId}: ${text}`),
        ].join("\n"),
      },
      { role: "user", content: question },
    ],
  })
  return { text: choices[0]?.message.content ?? "", sources: hits.map(({ entityId }) => entityId) }
}
