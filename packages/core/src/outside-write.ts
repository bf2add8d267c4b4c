import { FabraError } from "@fabra/events"
import type { EntityKey } from "./cache/cache.js"
import { currentTransaction } from "./transaction.js"

/**
 * Checks a write that joins no transaction. A handler may only set features of other entities so, and has to say that it
 * means to: added to what was read outside of the transaction, a value loses what others write meanwhile.
 * @returns whether to write: a dry run does not
 * @throws FabraError `invalid_argument`; what ended the handler, if it has ended
 */
export function mayWriteOutside(name: string, key: EntityKey, isMeant: boolean): boolean {
  const transaction = currentTransaction()
  if (transaction === undefined) return true
  const { entityType, entityId } = transaction.key
  const [own, other] = [`${entityType} "${entityId}"`, `${key.entityType} "${key.entityId}"`]
  if (own === other) {
    throw refusal(`"${name}" is of the handler's own ${own}: use context.set, or leave out outsideTransaction.`)
  }
  if (!isMeant) {
    throw refusal(
      `"${name}" of ${other} is outside of the transaction of this handler of ${own}, which would lose updates. ` +
        `Publish an event for ${other} that triggers "${name}", or pass { outsideTransaction: true } to overwrite it.`,
    )
  }
  transaction.signal.throwIfAborted()
  return transaction.origin !== null
}

function refusal(message: string): FabraError {
  return new FabraError("invalid_argument", message, { path: "outsideTransaction" })
}
