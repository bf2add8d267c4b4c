import type {
  CommitResult,
  DirectWrite,
  EntityChange,
  EntityKey,
  EntityPage,
  EntityRecord,
  StoredValue,
  WriteResult,
} from "@fabra/core/adapter"
import { type BrokenCache, PassingCache } from "./passing-cache.js"

type Values = DirectWrite["values"]

/** Stores other values than it was given. */
function storing(change: (values: Values) => Values) {
  return class extends PassingCache {
    override commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
      return super.commit(changes.map((each) => ({ ...each, values: each.values && change(each.values) })))
    }
    override write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
      return super.write(writes.map((each) => ({ ...each, values: change(each.values) })))
    }
  }
}

const mapValues = (change: (value: StoredValue) => StoredValue) =>
  storing((values) => new Map([...values].map(([feature, value]) => [feature, value && change(value)])))

/** Shows other records than it has. */
function loading(change: (record: EntityRecord) => EntityRecord) {
  return class extends PassingCache {
    override async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
      return (await super.load(keys, group)).map(change)
    }
  }
}

class SharesFlags extends PassingCache {
  readonly #groups = new Set<string>()
  override async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    const all = await Promise.all([...this.#groups].map((other) => super.load(keys, other)))
    return (await super.load(keys, group)).map((record, i) => ({
      ...record,
      flags: new Set(all.flatMap((records) => [...(records[i]?.flags ?? [])])),
    }))
  }
  override commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    for (const { group } of changes) this.#groups.add(group)
    return super.commit(changes)
  }
}

/** Hands out what it keeps. */
class HandsOutItsOwn extends PassingCache {
  readonly #kept = new Map<string, EntityRecord>()
  override async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    return (await super.load(keys, group)).map((record) => {
      const name = JSON.stringify([record.key, group, record.version])
      const kept = this.#kept.get(name) ?? record
      this.#kept.set(name, kept)
      return kept
    })
  }
}

/** Keeps what it was handed until somebody asks for it. */
class KeepsWhatItWasHanded extends PassingCache {
  #late: readonly EntityChange[] = []
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    await this.#flush()
    if (changes.length !== 1 || changes[0]?.baseVersion !== null) return super.commit(changes)
    const answer = await new PassingCache().commit(changes)
    this.#late = changes
    return answer
  }
  override async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    await this.#flush()
    return super.load(keys, group)
  }
  async #flush(): Promise<void> {
    const late = this.#late
    this.#late = []
    if (late.length > 0) await super.commit(late)
  }
}

class AnswersSorted extends PassingCache {
  override async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    return super.read(
      [...keys].sort((a, b) => a.entityId.localeCompare(b.entityId)),
      features,
    )
  }
}

class LeavesOutMissing extends PassingCache {
  override async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    return (await super.read(keys, features)).map((row) => row.filter((value) => value !== undefined))
  }
}

class LosesLastPage extends PassingCache {
  override async entities(type: string, options?: { after?: string; limit?: number }): Promise<EntityPage> {
    const page = await super.entities(type, options)
    return options?.after !== undefined && page.next === null ? { ids: [], next: null } : page
  }
}

class PagesFromAnywhere extends PassingCache {
  override entities(type: string, options: { after?: string; limit?: number } = {}): Promise<EntityPage> {
    const { after, ...rest } = options
    return super.entities(type, after !== undefined && Number(after) > 0 && after.length < 10 ? options : rest)
  }
}

class ForgetsWritten extends PassingCache {
  override async entities(type: string, options?: { after?: string; limit?: number }): Promise<EntityPage> {
    const page = await super.entities(type, options)
    const records = await super.load(
      page.ids.map((entityId) => ({ entityType: type, entityId })),
      "group",
    )
    return { ...page, ids: page.ids.filter((_, i) => records[i]?.state !== null) }
  }
}

/** Builds its keys by joining type and id. */
class JoinsKeys extends PassingCache {
  override load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    return super.load(keys.map(joined), group)
  }
  override commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    return super.commit(changes.map((change) => ({ ...change, key: joined(change.key) })))
  }
}

const joined = ({ entityType, entityId }: EntityKey) => ({ entityType: "", entityId: `${entityType}:${entityId}` })

class GoneWithItsProcess extends PassingCache {
  override readonly capabilities = { ...this.inner.capabilities, persistent: true }
}

class NeverVerifies extends PassingCache {
  override async verify(): Promise<boolean> {
    return false
  }
}

/** Faults of records and of reading them. */
export const brokenRecords: readonly BrokenCache[] = [
  {
    fault: "drops the removal of a value",
    Cache: storing((values) => new Map([...values].filter(([, value]) => value !== null))),
    breaks: [
      "sets and removes the values named, and leaves the others",
      "writes values and touches neither state nor flags",
    ],
  },
  {
    fault: "takes no event time for zero",
    Cache: mapValues((value) => ({ ...value, eventTime: value.eventTime ?? 0 })),
    breaks: ["keeps times to the millisecond, and tells no event time from zero"],
  },
  {
    fault: "normalises text",
    Cache: mapValues((value) => ({ ...value, text: value.text.normalize("NFC") })),
    breaks: ["keeps values to the letter"],
  },
  {
    fault: "trims state",
    Cache: loading((record) => ({ ...record, state: record.state?.trim() ?? null })),
    breaks: ["keeps the state to the letter"],
  },
  {
    fault: "keeps values in a plain object",
    Cache: loading((record) => {
      const values: Record<string, StoredValue> = {}
      for (const [name, value] of record.values) values[name] = value
      return { ...record, values: new Map(Object.entries(values)) }
    }),
    breaks: ["keeps odd features apart"],
  },
  {
    fault: "shares flags between groups",
    Cache: SharesFlags,
    breaks: ["keeps the flags of groups apart"],
  },
  {
    fault: "hands out what it keeps",
    Cache: HandsOutItsOwn,
    breaks: ["does not see what callers do to a record they loaded"],
  },
  {
    fault: "keeps what it was handed",
    Cache: KeepsWhatItWasHanded,
    breaks: ["does not see what callers do later to what they passed in"],
  },
  {
    fault: "answers in an order of its own",
    Cache: AnswersSorted,
    breaks: ["reads entities and features in the order asked, with undefined for what is missing"],
  },
  {
    fault: "leaves out what is missing",
    Cache: LeavesOutMissing,
    breaks: ["reads entities and features in the order asked, with undefined for what is missing"],
  },
  { fault: "loses the last page", Cache: LosesLastPage, breaks: ["pages through every entity of a type"] },
  {
    fault: "takes any cursor for the beginning",
    Cache: PagesFromAnywhere,
    breaks: ["refuses to page on from where no page ended"],
  },
  {
    fault: "forgets entities written directly",
    Cache: ForgetsWritten,
    breaks: ["knows entities that were only written directly, or have no value"],
  },
  {
    fault: "joins type and id",
    Cache: JoinsKeys,
    breaks: ["does not mix up where a type ends and an id begins"],
  },
  {
    fault: "never is what it was",
    Cache: NeverVerifies,
    breaks: ["is still the epoch that answered, while nothing happens to it"],
  },
  {
    fault: "is gone with its process",
    Cache: GoneWithItsProcess,
    breaks: ["keeps records when the client that wrote them goes, if it is persistent"],
  },
]
