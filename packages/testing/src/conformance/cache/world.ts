import type { FeatureCache } from "@fabra/core"
import type { DirectWrite, EntityChange, EntityKey, EntityRecord, StoredValue } from "@fabra/core/adapter"
import { expect, test } from "vitest"
import type { FeatureCacheHarness, FeatureCacheSuite } from "./harness.js"

/** A change that leaves what does not matter to the test to {@link CacheWorld.change}. */
export type Changes = Partial<Omit<EntityChange, "key" | "baseVersion">>

/** The stage of one test: an empty store and short words for what tests do to it. */
export class CacheWorld {
  readonly harness: FeatureCacheHarness
  readonly cache: FeatureCache
  #counter = 0

  constructor(harness: FeatureCacheHarness) {
    this.harness = harness
    this.cache = harness.cache
  }

  /** Another client if the cache can be shared, else the one there is. */
  async other(): Promise<FeatureCache> {
    return (await this.harness.another?.()) ?? this.cache
  }

  /** A token that no commit and no write had before. */
  newToken(): string {
    return `token-${++this.#counter}`
  }

  change(key: EntityKey, baseVersion: string | null, changes: Changes = {}): EntityChange {
    return {
      key,
      baseVersion,
      group: "group",
      token: this.newToken(),
      state: "{}",
      ...changes,
    }
  }

  async load(key: EntityKey, group = "group", cache: FeatureCache = this.cache): Promise<EntityRecord> {
    const [record] = await cache.load([key], group)
    return record as EntityRecord
  }

  /** Commits on top of what is there now, which must succeed; returns the new token. */
  async apply(key: EntityKey, changes: Changes = {}): Promise<string> {
    const { version } = await this.load(key, changes.group)
    return this.applyOn(key, version, changes)
  }

  /** Commits on top of a token, which must succeed; returns the new token. */
  async applyOn(key: EntityKey, baseVersion: string | null, changes: Changes = {}): Promise<string> {
    const [result] = await this.cache.commit([this.change(key, baseVersion, changes)])
    expect(result).toMatchObject({ status: "applied", version: expect.any(String) })
    return (result as { version: string }).version
  }

  /** Commits on top of a token that is not the record's, which must be refused. */
  async refuse(key: EntityKey, baseVersion: string | null, changes: Changes = {}): Promise<void> {
    expect(await this.cache.commit([this.change(key, baseVersion, changes)])).toEqual([{ status: "conflict" }])
  }

  /** A direct write, which must succeed; returns its token. */
  async write(key: EntityKey, values: DirectWrite["values"] = new Map(), token = this.newToken()): Promise<string> {
    expect(await this.cache.write([{ key, token, values }])).toEqual([{ status: "applied" }])
    return token
  }
}

/** The user of that number. */
export function user(id: string | number): EntityKey {
  return { entityType: "User", entityId: String(id) }
}

/** A stored value of that text. */
export function value(text: string, eventTime: number | null = null): StoredValue {
  return { text, eventTime, computedAt: 1_700_000_000_000 }
}

/** Declares one promise and how it is put to the test. */
export type Check = (title: string, run: (world: CacheWorld) => Promise<void>) => void

/** Makes the {@link Check} of a suite: every test gets a store of its own. */
export function checksOf({ create, timeoutMs = 60_000 }: FeatureCacheSuite): Check {
  return (title, run) => {
    test(title, { timeout: timeoutMs }, async () => {
      const harness = await create()
      try {
        await run(new CacheWorld(harness))
      } finally {
        await harness.cleanup()
      }
    })
  }
}
