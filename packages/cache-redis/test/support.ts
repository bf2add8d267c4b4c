import type { FeatureCache } from "@fabra/core"
import type { CommitResult, EntityChange, EntityKey, EntityRecord, StoredValue } from "@fabra/core/adapter"

/** An entity to test with. */
export const user = (entityId: string): EntityKey => ({ entityType: "User", entityId })

/** A value to test with. */
export const value = (text: string): StoredValue => ({
  text,
  eventTime: 1_700_000_000_000,
  computedAt: 1_700_000_000_001,
})

let tokens = 0
/** A token never given before. */
export const newToken = (): string => `token-${process.pid}-${++tokens}`

/** A change of one entity, of which a test names what it is about. */
export function change(key: EntityKey, baseVersion: string | null, rest: Partial<EntityChange> = {}): EntityChange {
  return {
    key,
    group: "g",
    baseVersion,
    token: newToken(),
    state: "{}",
    ...rest,
  }
}

/** Commits one change. */
export async function commitOne(cache: FeatureCache, one: EntityChange): Promise<CommitResult> {
  const [result] = await cache.commit([one])
  return result as CommitResult
}

/** Commits one change and gives the version of the record after it. */
export async function applied(cache: FeatureCache, one: EntityChange): Promise<{ version: string; epoch: string }> {
  const result = await commitOne(cache, one)
  if (result.status === "applied") return result
  throw new Error(`the commit was not applied: ${JSON.stringify(result)}`)
}

/** Loads one record. */
export async function loadOne(cache: FeatureCache, key: EntityKey, group = "g"): Promise<EntityRecord> {
  const [record] = await cache.load([key], group)
  return record as EntityRecord
}

/** Asks again until it holds; for what needs its time, however long. */
export async function eventually<T>(probe: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await probe().catch(() => undefined)
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
