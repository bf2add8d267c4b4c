import { FabraError, show } from "@fabra/events"
import {
  type CacheCapabilities,
  type CommitResult,
  type EntityChange,
  type EntityKey,
  type EntityPage,
  type EntityRecord,
  type FeatureCache,
  type OutsideWrite,
  REMEMBERED_WRITES,
  type StoredValue,
  type WriteResult,
} from "./cache.js"

/** A record as it lies in memory: only immutable values, so that nobody's later change shows through. */
interface Stored {
  readonly values: Map<string, StoredValue>
  readonly groups: Map<string, { token: string; state: string; flags: Set<string> }>
  /** Tokens of the last outside writes, newest first. */
  lastWrites: readonly string[]
}

/** The feature cache in memory: the embedded default, and the contract in the form of code. */
export class MemoryFeatureCache implements FeatureCache {
  readonly capabilities: CacheCapabilities = { name: "memory", persistent: false, shared: false, rollbackWindowMs: 0 }
  readonly #types = new Map<string, Map<string, Stored>>()

  async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    return keys.map((key) => {
      const stored = this.#find(key)
      const own = stored?.groups.get(group)
      return {
        key,
        token: stored ? effectiveToken(stored, group) : null,
        state: own?.state ?? null,
        flags: new Set(own?.flags),
        values: new Map(stored?.values),
        incarnation: "",
      }
    })
  }

  async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    return changes.map((change) => this.#commitOne(change))
  }

  #commitOne({ key, group, baseToken, token, state, values, addFlags, removeFlags }: EntityChange): CommitResult {
    const found = this.#find(key)
    if ((found ? effectiveToken(found, group) : null) !== baseToken) return { status: "conflict" }
    const stored = found ?? this.#create(key)
    const flags = stored.groups.get(group)?.flags ?? new Set<string>()
    for (const flag of removeFlags) flags.delete(flag)
    for (const flag of addFlags) flags.add(flag)
    stored.groups.set(group, { token, state, flags })
    setValues(stored, values)
    return { status: "applied", token: effectiveToken(stored, group) as string, incarnation: "" }
  }

  async write(writes: readonly OutsideWrite[]): Promise<WriteResult[]> {
    return writes.map(({ key, token, values }) => {
      const stored = this.#find(key) ?? this.#create(key)
      if (!stored.lastWrites.includes(token)) {
        stored.lastWrites = [token, ...stored.lastWrites].slice(0, REMEMBERED_WRITES)
        setValues(stored, values)
      }
      return { status: "applied" }
    })
  }

  async verify(): Promise<boolean> {
    return true
  }

  async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    return keys.map((key) => {
      const values = this.#find(key)?.values
      return features.map((feature) => values?.get(feature))
    })
  }

  async entities(
    entityType: string,
    { after, limit = 1000 }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<EntityPage> {
    const start = after === undefined ? 0 : Number(after)
    if (after !== undefined && !(/^\d{1,15}$/.test(after) && start > 0)) {
      throw new FabraError("invalid_argument", `after is ${show(after)}: it must be the next of an earlier page.`, {
        path: "after",
      })
    }
    const all = this.#types.get(entityType)
    if (all === undefined) return { ids: [], next: null }
    const ids = [...all.keys()].slice(start, start + limit)
    return { ids, next: start + ids.length < all.size ? String(start + ids.length) : null }
  }

  async check(): Promise<string[]> {
    return []
  }

  async close(): Promise<void> {}

  /** Forgets everything; for tests. */
  clear(): void {
    this.#types.clear()
  }

  #find({ entityType, entityId }: EntityKey): Stored | undefined {
    return this.#types.get(entityType)?.get(entityId)
  }

  #create({ entityType, entityId }: EntityKey): Stored {
    const stored: Stored = { values: new Map(), groups: new Map(), lastWrites: [] }
    let entities = this.#types.get(entityType)
    if (entities === undefined) {
      entities = new Map()
      this.#types.set(entityType, entities)
    }
    entities.set(entityId, stored)
    return stored
  }
}

/** What a group's token is: its own last commit and the last outside write, since either makes a version new. */
function effectiveToken({ groups, lastWrites }: Stored, group: string): string | null {
  const own = groups.get(group)?.token
  const [lastWrite] = lastWrites
  return own === undefined && lastWrite === undefined ? null : `${own ?? ""}/${lastWrite ?? ""}`
}

function setValues(stored: Stored, values: EntityChange["values"]): void {
  for (const [feature, value] of values) {
    if (value === null) stored.values.delete(feature)
    else stored.values.set(feature, Object.freeze({ ...value }))
  }
}
