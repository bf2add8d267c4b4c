import { setImmediate } from "node:timers/promises"
import type { CommitResult, DirectWrite, EntityChange, EntityKey, EntityRecord, WriteResult } from "@fabra/core/adapter"
import { type BrokenCache, PassingCache } from "./passing-cache.js"

class IgnoresBase extends PassingCache {
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const tokens = await Promise.all(changes.map(({ key, group }) => this.tokenOf(key, group)))
    return super.commit(changes.map((change, i) => ({ ...change, baseVersion: tokens[i] ?? null })))
  }
}

/** Looks whether the base is right, and only then sets: somebody may have come in between. */
class ChecksThenActs extends PassingCache {
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const tokens = await Promise.all(changes.map(({ key, group }) => this.tokenOf(key, group)))
    if (changes.some(({ baseVersion }, i) => baseVersion !== tokens[i])) return super.commit(changes)
    await setImmediate()
    return Promise.all(
      changes.map(async (change) => {
        const baseVersion = await this.tokenOf(change.key, change.group)
        const [result] = await super.commit([{ ...change, baseVersion }])
        return result as CommitResult
      }),
    )
  }
}

/** Takes values that are not there for no value at all. */
class ClearsUnnamed extends PassingCache {
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const rows = await this.inspect(changes.map(({ key }) => key))
    const none = (i: number) => new Map([...(rows[i]?.values.keys() ?? [])].map((feature) => [feature, null]))
    return super.commit(changes.map((change, i) => ({ ...change, values: change.values ?? none(i) })))
  }
}

class AppliesHalf extends PassingCache {
  override commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    return super.commit(changes.map((c) => ({ ...c, values: firstOf(c.values, Math.ceil((c.values?.size ?? 0) / 2)) })))
  }
}

function firstOf(values: EntityChange["values"], count: number): EntityChange["values"] {
  return new Map([...(values ?? [])].slice(0, count))
}

/** Writes value after value: a reader sees some of them. */
class AppliesPiecemeal extends PassingCache {
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const results = await super.commit(changes.map((change) => ({ ...change, values: firstOf(change.values, 1) })))
    for (const [i, { key, values, token }] of changes.entries()) {
      const result = results[i]
      if (result?.status !== "applied") continue
      await setImmediate()
      const baseVersion = await this.tokenOf(key, "rest")
      await super.commit([{ key, group: "rest", baseVersion, token: `rest ${token}`, state: "", values }])
    }
    return results
  }
}

/** Makes its token from what the record says, so that it comes back with it. */
class RepeatsTokens extends PassingCache {
  override commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    return super.commit(changes.map((c) => ({ ...c, token: JSON.stringify([c.state, c.values]) })))
  }
}

class AppliedOnConflict extends PassingCache {
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const results = await super.commit(changes)
    return results.map((result, i) =>
      result.status === "conflict" ? { status: "applied", version: changes[i]?.token as string, epoch: "" } : result,
    )
  }
}

/** Hands out the token it was given, which is not the one it asks for. */
class AnswersWrongToken extends PassingCache {
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const results = await super.commit(changes)
    return results.map((result, i) =>
      result.status === "applied" ? { ...result, version: changes[i]?.token as string } : result,
    )
  }
}

class OneConflictForAll extends PassingCache {
  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const tokens = await Promise.all(changes.map(({ key, group }) => this.tokenOf(key, group)))
    if (changes.every(({ baseVersion }, i) => baseVersion === tokens[i])) return super.commit(changes)
    return changes.map(() => ({ status: "conflict" }))
  }
}

/** One token for all groups. */
class SharesTokens extends PassingCache {
  override load(keys: readonly EntityKey[]): Promise<EntityRecord[]> {
    return super.load(keys, "all")
  }
  override commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    return super.commit(changes.map((change) => ({ ...change, group: "all" })))
  }
}

/** Writes as one more group would. */
class WriteKeepsToken extends PassingCache {
  override async write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    for (const { key, token, values } of writes) {
      const group = "outside"
      const baseVersion = await this.tokenOf(key, group)
      await super.commit([{ key, group, baseVersion, token, state: "", values }])
    }
    return writes.map(() => ({ status: "applied" }))
  }
}

class RepeatsWrites extends PassingCache {
  #calls = 0
  override write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    const call = ++this.#calls
    return super.write(writes.map((write) => ({ ...write, token: `${write.token}, call ${call}` })))
  }
}

/** Knows again the last write of an entity only. */
class ForgetsWrites extends PassingCache {
  readonly #last = new Map<string, string>()
  override async write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    for (const { key, token, values } of writes) {
      const id = JSON.stringify(key)
      const isKnown = this.#last.get(id) === token
      this.#last.set(id, token)
      if (!isKnown) await super.write([{ key, token: `${token}, ${crypto.randomUUID()}`, values }])
    }
    return writes.map(() => ({ status: "applied" }))
  }
}

/** Faults of commits and writes. */
export const brokenCommits: readonly BrokenCache[] = [
  {
    fault: "clears values when a change names none",
    Cache: ClearsUnnamed,
    breaks: ["leaves values and flags as they are when a change names none"],
  },
  {
    fault: "ignores the base token",
    Cache: IgnoresBase,
    breaks: [
      "refuses a change on a stale token and writes nothing of it",
      "makes every group's token stale by a direct write",
    ],
  },
  {
    fault: "checks the token and then acts",
    Cache: ChecksThenActs,
    breaks: ["applies one of many changes on the same token", "loses no increment of many clients"],
  },
  {
    fault: "applies half of a change",
    Cache: AppliesHalf,
    breaks: ["sets and removes the values named, and leaves the others"],
  },
  {
    fault: "applies a change piece by piece",
    Cache: AppliesPiecemeal,
    breaks: ["shows readers all of a change or nothing of it"],
  },
  {
    fault: "repeats tokens",
    Cache: RepeatsTokens,
    breaks: ["never gives out a token twice, though the record comes to be what it was"],
  },
  {
    fault: "says applied on a conflict",
    Cache: AppliedOnConflict,
    breaks: ["refuses a change on a stale token and writes nothing of it", "loses no increment of many clients"],
  },
  {
    fault: "answers a token that is not the record's",
    Cache: AnswersWrongToken,
    breaks: ["takes the token of a commit as the next base, without loading"],
  },
  {
    fault: "refuses all changes of a call for one",
    Cache: OneConflictForAll,
    breaks: ["judges each change of one call alone, and answers in order"],
  },
  {
    fault: "has one token for all groups",
    Cache: SharesTokens,
    breaks: ["gives each group a token of its own that others do not disturb"],
  },
  {
    fault: "keeps the token in a direct write",
    Cache: WriteKeepsToken,
    breaks: [
      "makes every group's token stale by a direct write",
      "makes the token of an empty record stale by a direct write",
    ],
  },
  {
    fault: "makes a direct write again that comes again",
    Cache: RepeatsWrites,
    breaks: ["knows a direct write again, and sets back nothing that was built on it"],
  },
  {
    fault: "knows only the last direct write again",
    Cache: ForgetsWrites,
    breaks: ["knows a direct write again that others have followed"],
  },
]
