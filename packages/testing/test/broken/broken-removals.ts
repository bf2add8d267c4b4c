import type {
  CommitResult,
  DirectWrite,
  EntityChange,
  EntityKey,
  EntityPage,
  EntityRecord,
  EntityRemoval,
  RemovalResult,
  WholeRecord,
  WriteResult,
} from "@fabra/core/adapter"
import { type BrokenCache, KeepingCache, PassingCache } from "./passing-cache.js"

/** Has no way to remove a record, and claims to. */
class ClaimsToRemove extends KeepingCache {
  override readonly capabilities = { ...this.inner.capabilities, removesRecords: true }
}

/** Removes records, and does not say so: no worker would. */
class HidesRemoval extends PassingCache {
  override readonly capabilities = { ...this.inner.capabilities, removesRecords: false }
}

/** Removes whatever there is. */
class RemovesAnything extends PassingCache {
  override async remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
    const records = await this.inspect(removals.map(({ key }) => key))
    return super.remove(removals.map((one, i) => ({ ...one, version: records[i]?.version ?? one.version })))
  }
}

/** Looks at one group's token only. */
class SeesOneGroup extends PassingCache {
  override async inspect(keys: readonly EntityKey[]): Promise<WholeRecord[]> {
    const tokens = await this.inner.load(keys, "one")
    return (await super.inspect(keys)).map((record, i) => ({
      ...record,
      version: record.version && `${tokens[i]?.version}`,
    }))
  }
  override async remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
    const keys = removals.map(({ key }) => key)
    const [seen, whole] = [await this.inspect(keys), await super.inspect(keys)]
    const versionOf = (i: number, asked: string) => (seen[i]?.version === asked ? (whole[i]?.version ?? asked) : asked)
    return super.remove(removals.map((one, i) => ({ ...one, version: versionOf(i, one.version) })))
  }
}

/** Takes a record that was removed for one that never was. */
class ForgetsTombstones extends PassingCache {
  override async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    return (await super.load(keys, group)).map((record) => ({ ...record, tombstone: null }))
  }
}

/** Has one token for all records that are not there. */
class ForgetsRemovals extends PassingCache {
  override async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    return (await super.load(keys, group)).map((record) => ({ ...record, token: hidden(record) }))
  }
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const results: CommitResult[] = []
    for (const change of changes) {
      const [record] = await super.load([change.key], change.group)
      const baseVersion =
        change.baseVersion === null && record && hidden(record) === null ? record.version : change.baseVersion
      results.push(...(await super.commit([{ ...change, baseVersion }])))
    }
    return results
  }
}

const hidden = ({ version, state, values }: EntityRecord) => (state === null && values.size === 0 ? null : version)

/** Leaves behind what the last one wanted to. */
class LeavesTheLast extends PassingCache {
  override async remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
    const results: RemovalResult[] = []
    for (const removal of removals) {
      const [record] = await super.inspect([removal.key])
      const tombstones = removal.tombstones.map((one) => ({
        ...one,
        before: record?.tombstones.get(one.group) ?? null,
      }))
      results.push(...(await super.remove([{ ...removal, tombstones }])))
    }
    return results
  }
}

/** Lists the ids of entities that are gone, or none of those that came again. */
function listing(isListed: (wasRemoved: boolean, isThere: boolean) => boolean) {
  return class extends PassingCache {
    readonly #all = new Set<string>()
    readonly #removed = new Set<string>()
    override commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
      for (const { key } of changes) this.#all.add(key.entityId)
      return super.commit(changes)
    }
    override write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
      for (const { key } of writes) this.#all.add(key.entityId)
      return super.write(writes)
    }
    override remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
      for (const { key } of removals) this.#removed.add(key.entityId)
      return super.remove(removals)
    }
    override async entities(entityType: string): Promise<EntityPage> {
      const { ids } = await this.inner.entities(entityType)
      return {
        ids: [...this.#all].filter((id) => isListed(this.#removed.has(id), ids.includes(id))),
        next: null,
      }
    }
  }
}

/** Pages by counting: what goes from the pages before moves the next ones. */
class PagesByCounting extends PassingCache {
  override async entities(
    entityType: string,
    { after, limit = 1000 }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<EntityPage> {
    const { ids } = await this.inner.entities(entityType)
    const start = Number(after ?? 0)
    return { ids: ids.slice(start, start + limit), next: start + limit < ids.length ? String(start + limit) : null }
  }
}

/** Faults of caches that remove records. */
export const brokenRemovals: readonly BrokenCache[] = [
  { fault: "claims to remove records, and cannot", Cache: ClaimsToRemove, breaks: ["removes a record and its id"] },
  { fault: "removes records without claiming to", Cache: HidesRemoval, breaks: ["removes a record and its id"] },
  {
    fault: "removes whatever there is",
    Cache: RemovesAnything,
    breaks: ["removes nothing that has changed since it was looked at"],
  },
  {
    fault: "removes what other groups have changed",
    Cache: SeesOneGroup,
    breaks: ["removes nothing that has changed since it was looked at"],
  },
  {
    fault: "takes what was removed for what never was",
    Cache: ForgetsTombstones,
    breaks: ["gives what was left to whoever has no part in a record"],
  },
  {
    fault: "takes a change from before a removal",
    Cache: ForgetsRemovals,
    breaks: ["refuses what was computed before a removal"],
  },
  {
    fault: "leaves what the last removal wanted to",
    Cache: LeavesTheLast,
    breaks: ["puts nothing in the place of tombstones that are others than were read"],
  },
  {
    fault: "lists what was removed",
    Cache: listing((wasRemoved, isThere) => wasRemoved || isThere),
    breaks: ["removes a record and its id"],
  },
  {
    fault: "does not list what comes again",
    Cache: listing((wasRemoved, isThere) => !wasRemoved && isThere),
    breaks: ["makes a record anew, with its id"],
  },
  {
    fault: "passes over ids when others go",
    Cache: PagesByCounting,
    breaks: ["misses no entity while others go"],
  },
]
