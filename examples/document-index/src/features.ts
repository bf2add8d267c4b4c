import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"

export const documentUpdated = defineEvent<{ content: string }>("document_updated")
export const documentDeleted = defineEvent("document_deleted")

/** A store whose documents follow their events; what it is connected to is said elsewhere. */
export function createStore() {
  const store = new FeatureStore()
  const Document = store.entity("Document", { key: "doc_id" })
  const documents = store.vectorIndex("documents", { chunking: { maxTokens: 100 } })

  const docContent = store.feature("doc_content", {
    entity: Document,
    trigger: documentUpdated,
    compute: async (docId, event) => {
      const { content } = event.payload

      // Re-index in vector store
      await store.index("documents", docId, content, { metadata: { folder: docId.split("/")[0] as string } })

      return content
    },
  })
  store.feature("doc_deleted", {
    entity: Document,
    trigger: documentDeleted,
    compute: async (docId, event) => {
      await store.removeDocument("documents", docId)
      return event.timestamp
    },
  })
  return { store, documents, docContent }
}
