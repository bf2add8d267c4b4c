import { type FeatureCache, MemoryFeatureCache } from "@fabra/core"
import type {
  CacheCapabilities,
  CommitResult,
  DirectWrite,
  EntityChange,
  EntityKey,
  EntityPage,
  EntityRecord,
  EntityRemoval,
  Epoch,
  RemovalResult,
  RemovingCache,
  StoredValue,
  WholeRecord,
  WriteResult,
} from "@fabra/core/adapter"

/** A cache that does what the memory cache does, but removes no records. */
export class KeepingCache implements FeatureCache {
  readonly inner = new MemoryFeatureCache()
  readonly capabilities: CacheCapabilities = { ...this.inner.capabilities, removesRecords: false }

  load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    return this.inner.load(keys, group)
  }
  commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    return this.inner.commit(changes)
  }
  write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    return this.inner.write(writes)
  }
  verify(_: readonly Epoch[]): Promise<boolean> {
    return this.inner.verify()
  }
  read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    return this.inner.read(keys, features)
  }
  entities(entityType: string, options?: { readonly after?: string; readonly limit?: number }): Promise<EntityPage> {
    return this.inner.entities(entityType, options)
  }
  check() {
    return this.inner.check()
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  /** The token of an entity's record, now. */
  async tokenOf(key: EntityKey, group: string): Promise<string | null> {
    return (await this.inner.load([key], group))[0]?.version ?? null
  }
}

/** A cache that does what the memory cache does: a broken one changes a method of it. */
export class PassingCache extends KeepingCache implements RemovingCache {
  override readonly capabilities: CacheCapabilities = this.inner.capabilities

  inspect(keys: readonly EntityKey[]): Promise<WholeRecord[]> {
    return this.inner.inspect(keys)
  }
  remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
    return this.inner.remove(removals)
  }
}

/** A cache with one fault, and the promises that the suite must find broken. */
export interface BrokenCache {
  readonly fault: string
  readonly Cache: new () => FeatureCache
  /** Titles of tests, all of which must fail. */
  readonly breaks: readonly string[]
}
