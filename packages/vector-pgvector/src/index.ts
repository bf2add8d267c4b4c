export type { PgVectorStoreOptions } from "./options.js"
export { PgVectorStore } from "./pg-vector-store.js"
