import { AsyncLocalStorage } from "node:async_hooks"
import type { Position } from "@fabra/events"
import type { EntityKey, StoredValue } from "./cache/cache.js"

/** Where an event stands, so that what it writes elsewhere is never overwritten by an earlier one. */
export interface EventOrigin {
  /** Names the log it stands in: positions of one source can be compared. */
  readonly source: string
  readonly position: Position
  /** Epoch milliseconds. */
  readonly eventTime: number
}

/** The open transaction of a running handler. */
export interface Transaction {
  readonly key: EntityKey
  /** The feature whose handler it is. */
  readonly feature: { readonly name: string }
  /** The event that is being handled; `null` when this is a dry run, in which nothing else may be written. */
  readonly origin: EventOrigin | null
  /** Fires when the handler has outlived its time-out, or has ended. */
  readonly signal: AbortSignal
  /** By name: the value, else the feature's `initial`, else `undefined`. */
  get(name: string): unknown
  /** By name: what {@link get} reads, as it is stored, however old. */
  stored(name: string): StoredValue | undefined
  /** Time of the event, epoch milliseconds: that at which states are read. */
  readonly eventTime: number
  /** Sets a field of a state to a text, as it is. @throws FabraError `invalid_argument` once the handler has ended */
  store(name: string, text: string): void
  /** The event is too old to change the state. */
  tooLate(): void
  /** @throws FabraError `invalid_value`; `invalid_argument` once the handler has ended */
  set(name: string, value: unknown): void
}

// One for the whole process: the store of a user's module may come from another copy of this package than the worker (a
// command installed globally, CommonJS beside ES modules), and a handler outside of its transaction would lose updates.
const SHARED = Symbol.for("fabra.transaction")
const global = globalThis as { [SHARED]?: AsyncLocalStorage<Transaction> }
global[SHARED] ??= new AsyncLocalStorage<Transaction>()
const running = global[SHARED]

/** Runs `work` with `args` so that calls of the store made within it join `transaction`. For workers. */
export function runInTransaction<Args extends unknown[], Result>(
  transaction: Transaction,
  work: (...args: Args) => Result,
  ...args: Args
): Result {
  return running.run(transaction, work, ...args)
}

/** The transaction this code runs in, if it runs in a handler. */
export function currentTransaction(): Transaction | undefined {
  return running.getStore()
}

/** The transaction this code runs in, if it runs in a handler for that entity. Without a type: for any with that id. */
export function transactionOf(entityId: string, entityType?: string): Transaction | undefined {
  const transaction = running.getStore()
  if (transaction?.key.entityId !== entityId) return undefined
  return entityType === undefined || entityType === transaction.key.entityType ? transaction : undefined
}

/** Runs `work` so that calls of the store made within it join no transaction. */
export function outsideTransactions<Result>(work: () => Result): Result {
  return running.exit(work)
}
