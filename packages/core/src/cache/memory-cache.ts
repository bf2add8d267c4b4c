import { FabraError } from "@fabra/events"
import { type StoreWarning, show } from "@fabra/events/adapter"
import {
  type CacheCapabilities,
  type CommitResult,
  type DirectWrite,
  type EntityChange,
  type EntityKey,
  type EntityPage,
  type EntityRecord,
  REMEMBERED_WRITES,
  type StoredValue,
  type WriteResult,
} from "./cache.js"
import type { EntityRemoval, RemovalResult, RemovingCache, WholeRecord } from "./removal.js"

/** A record as it lies in memory: what comes in and goes out is copied, so that nobody's later change shows through. */
interface Stored {
  /** Grows with each record that is made: pages are in its order. */
  readonly serial: number
  readonly values: Map<string, { -readonly [Field in keyof StoredValue]: StoredValue[Field] }>
  readonly groups: Map<string, GroupPart>
  /** Tokens of the last direct writes, newest first. */
  lastWrites: readonly string[]
}

/** What a record holds for one group. */
interface GroupPart {
  token: string
  /** The version that the group sees, made once: two texts that are the same object are compared at a glance. */
  effective: string
  state: string
  readonly flags: Set<string>
}

/** The feature cache in memory: the embedded default, and the contract in the form of code. */
export class MemoryFeatureCache implements RemovingCache {
  readonly capabilities: CacheCapabilities = {
    name: "memory",
    persistent: false,
    shared: false,
    rollbackWindowMs: 0,
    removesRecords: true,
  }
  readonly #types = new Map<string, Map<string, Stored>>()
  #serials = 0
  /** What removals have left, by group, and the token of the last one. */
  readonly #tombstones = new Map<string, string>()
  #lastRemoval: string | undefined

  async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    return keys.map((key) => {
      const stored = this.#find(key)
      const own = stored?.groups.get(group)
      return {
        key,
        version: this.#version(stored, group),
        state: own?.state ?? null,
        tombstone: own === undefined ? (this.#tombstones.get(group) ?? null) : null,
        flags: new Set(own?.flags),
        values: copyOf(stored?.values),
        epoch: "",
      }
    })
  }

  async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    return changes.map((change) => this.#commitOne(change))
  }

  #commitOne({
    key,
    group,
    baseVersion,
    token,
    state,
    values,
    addFlags = [],
    removeFlags = [],
  }: EntityChange): CommitResult {
    const found = this.#find(key)
    if (this.#version(found, group) !== baseVersion) return { status: "conflict" }
    const stored = found ?? this.#create(key)
    let own = stored.groups.get(group)
    if (own === undefined) {
      own = { token, effective: "", state, flags: new Set() }
      stored.groups.set(group, own)
    }
    own.token = token
    own.effective = join(token, stored.lastWrites)
    own.state = state
    for (const flag of removeFlags) own.flags.delete(flag)
    for (const flag of addFlags) own.flags.add(flag)
    setValues(stored, values)
    return { status: "applied", version: own.effective, epoch: "" }
  }

  async write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    return writes.map(({ key, token, values }) => {
      const stored = this.#find(key) ?? this.#create(key)
      if (!stored.lastWrites.includes(token)) {
        stored.lastWrites = [token, ...stored.lastWrites].slice(0, REMEMBERED_WRITES)
        for (const own of stored.groups.values()) own.effective = join(own.token, stored.lastWrites)
        setValues(stored, values)
      }
      return { status: "applied" }
    })
  }

  async inspect(keys: readonly EntityKey[]): Promise<WholeRecord[]> {
    return keys.map((key) => {
      const stored = this.#find(key)
      return {
        key,
        version: versionOf(stored),
        parts: new Map(
          [...(stored?.groups ?? [])].map(([name, { state, flags }]) => [name, { state, flags: new Set(flags) }]),
        ),
        values: copyOf(stored?.values),
        writtenDirectly: (stored?.lastWrites.length ?? 0) > 0,
        tombstones: new Map(this.#tombstones),
      }
    })
  }

  async remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
    return removals.map(({ key, version, token, tombstones }) => {
      const hasChanged = tombstones.some(({ group, before, after }) => {
        const now = this.#tombstones.get(group) ?? null
        return now !== before && now !== after
      })
      if (hasChanged || versionOf(this.#find(key)) !== version) return { status: "conflict" }
      for (const { group, after } of tombstones) this.#tombstones.set(group, after)
      this.#lastRemoval = token
      this.#types.get(key.entityType)?.delete(key.entityId)
      return { status: "removed" }
    })
  }

  async verify(): Promise<boolean> {
    return true
  }

  async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    return keys.map((key) => {
      const values = this.#find(key)?.values
      return features.map((feature) => {
        const value = values?.get(feature)
        return value && { ...value }
      })
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
    const ids: string[] = []
    let last = start
    for (const [id, { serial }] of all) {
      if (serial <= start) continue
      if (ids.length === limit) return { ids, next: String(last) }
      ids.push(id)
      last = serial
    }
    return { ids, next: null }
  }

  async check(): Promise<StoreWarning[]> {
    return []
  }

  async close(): Promise<void> {}

  /**
   * Forgets what a group has computed and every value but those of some features. For development: with the log read again
   * from its first event, the values are what the code of now makes of it.
   * @param keep names of the features whose values stay
   * @returns false when entities have been erased or have aged: then nothing is done, as events would bring them back
   */
  startAgain(group: string, keep: ReadonlySet<string>): boolean {
    if (this.#lastRemoval !== undefined) return false
    for (const entities of this.#types.values()) {
      for (const [id, { values, groups }] of entities) {
        groups.delete(group)
        for (const feature of values.keys()) if (!keep.has(feature)) values.delete(feature)
        if (values.size + groups.size === 0) entities.delete(id)
      }
    }
    return true
  }

  /** Forgets everything; for tests. */
  clear(): void {
    this.#types.clear()
    this.#tombstones.clear()
    this.#lastRemoval = undefined
  }

  /** A group's own last commit and the last direct write, since either makes a version new; without a part, the last removal. */
  #version(stored: Stored | undefined, group: string): string | null {
    const own = stored?.groups.get(group)
    if (own !== undefined) return own.effective
    const lastWrites = stored?.lastWrites ?? []
    if (lastWrites.length === 0 && this.#lastRemoval === undefined) return null
    return join(this.#lastRemoval === undefined ? "" : `-${this.#lastRemoval}`, lastWrites)
  }

  #find({ entityType, entityId }: EntityKey): Stored | undefined {
    return this.#types.get(entityType)?.get(entityId)
  }

  #create({ entityType, entityId }: EntityKey): Stored {
    const stored: Stored = { serial: ++this.#serials, values: new Map(), groups: new Map(), lastWrites: [] }
    let entities = this.#types.get(entityType)
    if (entities === undefined) {
      entities = new Map()
      this.#types.set(entityType, entities)
    }
    entities.set(entityId, stored)
    return stored
  }
}

function join(token: string, [lastWrite = ""]: readonly string[]): string {
  return [token, lastWrite].join("/")
}

/** All tokens in the record: whoever writes changes one. */
function versionOf(stored: Stored | undefined): string | null {
  if (stored === undefined) return null
  return JSON.stringify([[...stored.groups].map(([group, { token }]) => [group, token]), stored.lastWrites[0]])
}

function copyOf(values: Stored["values"] = new Map()): Map<string, StoredValue> {
  return new Map([...values].map(([feature, value]) => [feature, { ...value }]))
}

function setValues(stored: Stored, values: EntityChange["values"]): void {
  // Not by a loop, which makes a list of each entry.
  values?.forEach((value, feature) => {
    const kept = stored.values.get(feature)
    if (value === null) stored.values.delete(feature)
    else if (kept === undefined) stored.values.set(feature, { ...value })
    else {
      // In place: a new object for each value is dearer, as the old ones have lived long.
      kept.text = value.text
      kept.eventTime = value.eventTime
      kept.computedAt = value.computedAt
    }
  })
}
