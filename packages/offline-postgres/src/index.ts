export type { PostgresOfflineStoreOptions } from "./options.js"
export { PostgresOfflineStore } from "./postgres-offline-store.js"
