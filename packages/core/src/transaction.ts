import { AsyncLocalStorage } from "node:async_hooks"
import type { EntityKey } from "./cache.js"

/** The open transaction of a running handler. */
export interface Transaction {
  readonly key: EntityKey
  /** By name: the value, else the feature's `initial`, else `undefined`. */
  get(name: string): unknown
  /** @throws FabraError `invalid_value`; `invalid_argument` once the handler has ended */
  set(name: string, value: unknown): void
}

const running = new AsyncLocalStorage<Transaction>()

/** Runs `work` so that calls of the store made within it join `transaction`. For workers. */
export function runInTransaction<Result>(transaction: Transaction, work: () => Result): Result {
  return running.run(transaction, work)
}

/** The transaction this code runs in, if it runs in a handler for that entity id. */
export function transactionOf(entityId: string): Transaction | undefined {
  const transaction = running.getStore()
  return transaction?.key.entityId === entityId ? transaction : undefined
}
