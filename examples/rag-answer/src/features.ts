import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"

export const purchase = defineEvent<{ amount: number; product: string }>("purchase")
export const articleUpdated = defineEvent<{ text: string }>("article_updated")

/** What is known of customers, and the help articles. */
export function createStore() {
  const store = new FeatureStore()
  const Customer = store.entity("Customer", { key: "customer_id" })
  const Article = store.entity("Article", { key: "article_id" })
  const articles = store.vectorIndex("articles")

  const lastProduct = store.feature("last_product", {
    entity: Customer,
    trigger: purchase,
    compute: (_customerId, event) => event.payload.product,
  })
  const totalSpend = store.feature("total_spend", {
    entity: Customer,
    trigger: purchase,
    initial: 0,
    compute: (_customerId, event, { current }) => current + event.payload.amount,
  })
  store.feature("article_text", {
    entity: Article,
    trigger: articleUpdated,
    compute: async (articleId, { payload: { text } }) => {
      await store.index(articles, articleId, text)
      return text
    },
  })
  return { store, articles, lastProduct, totalSpend }
}
