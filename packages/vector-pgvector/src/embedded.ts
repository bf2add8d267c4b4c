export { type EmbeddedVectorStoreOptions, embeddedVectorStore } from "./pglite.js"
