import type {
  CacheCapabilities,
  CommitResult,
  DirectWrite,
  EntityChange,
  EntityKey,
  EntityPage,
  EntityRecord,
  EntityRemoval,
  FeatureCache,
  RemovalResult,
  StoredValue,
  WholeRecord,
  WriteResult,
} from "@fabra/core"
import { FabraError, show } from "@fabra/events"
import { open, type RootDatabase } from "lmdb"
import {
  groupVersionOf,
  type Left,
  partOf,
  type Stored,
  versionOf,
  withChange,
  withoutRecord,
  withWrite,
} from "./record.js"

/** Ends a type and begins an id: no name holds it, and none sorts before it. */
const END = "\0"
/** Under this key stands what removals have left: no type is called so. */
const LEFT = Buffer.from(END)
/** How the `next` of a page begins; what follows is its last id. */
const AFTER = "after:"

/** A feature cache in one LMDB file, for as many processes of one machine as like. */
export class LmdbFeatureCache implements FeatureCache {
  readonly capabilities: CacheCapabilities = { name: "lmdb", persistent: true, shared: true, rollbackWindowMs: 0 }
  readonly #path: string
  #opened: RootDatabase<Stored | Left, Buffer> | undefined
  #closed = false

  /** @param options.path the file; made with the first use */
  constructor({ path }: { readonly path: string }) {
    this.#path = path
  }

  async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    const { found, left } = this.#get(keys)
    return keys.map((key, i) => {
      const stored = found[i]
      const own = stored && partOf(stored, group)
      return {
        key,
        version: groupVersionOf(stored, group, left),
        state: own?.state ?? null,
        tombstone: own === undefined ? (new Map(left?.states).get(group) ?? null) : null,
        flags: new Set(own?.flags),
        values: new Map(stored?.values),
        epoch: "",
      }
    })
  }

  async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const results = await this.#write(changes, withChange)
    return results.map((stored, i): CommitResult => {
      if (stored instanceof FabraError) return { status: "unknown", error: stored }
      if (stored === undefined) return { status: "conflict" }
      return {
        status: "applied",
        version: groupVersionOf(stored, (changes[i] as EntityChange).group, undefined) as string,
        epoch: "",
      }
    })
  }

  async write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    const results = await this.#write(writes, withWrite)
    return results.map((stored) =>
      stored instanceof FabraError ? { status: "unknown", error: stored } : { status: "applied" },
    )
  }

  async inspect(keys: readonly EntityKey[]): Promise<WholeRecord[]> {
    const { found, left } = this.#get(keys)
    return keys.map((key, i) => ({
      key,
      version: versionOf(found[i]),
      parts: new Map(found[i]?.groups.map(([group, { state, flags }]) => [group, { state, flags: new Set(flags) }])),
      values: new Map(found[i]?.values),
      writtenDirectly: (found[i]?.writes.length ?? 0) > 0,
      tombstones: new Map(left?.states),
    }))
  }

  async remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
    try {
      const database = this.#database()
      return await database.transaction(() =>
        removals.map((removal): RemovalResult => {
          const key = spell(removal.key)
          const left = withoutRecord(database.get(key) as Stored | undefined, removal, leftIn(database))
          if (left === undefined) return { status: "conflict" }
          database.removeSync(key)
          database.putSync(LEFT, left)
          return { status: "removed" }
        }),
      )
    } catch (error) {
      return removals.map(() => ({ status: "unknown", error: unavailable(error) }))
    }
  }

  /** What has been confirmed is on the disk: there is only ever one epoch. */
  async verify(): Promise<boolean> {
    return true
  }

  async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    return this.#get(keys).found.map((stored) => {
      const values = new Map(stored?.values)
      return features.map((feature) => values.get(feature))
    })
  }

  async entities(
    entityType: string,
    { after, limit = 1000 }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<EntityPage> {
    if (after !== undefined && !after.startsWith(AFTER)) {
      const message = `after is ${show(after)}: it must be the next of an earlier page.`
      throw new FabraError("invalid_argument", message, { path: "after" })
    }
    return this.#ask((database) => {
      const id = after?.slice(AFTER.length) ?? ""
      const start = spell({ entityType, entityId: id })
      const end = Buffer.from(`${entityType}\u0001`)
      const ids: string[] = []
      // One more than asked for: the one that the page begins after, and is not in it.
      for (const key of database.getKeys({ start, end, limit: limit + 1 })) {
        const found = key.toString().slice(entityType.length + END.length)
        if (found !== id && ids.length < limit) ids.push(found)
      }
      return { ids, next: ids.length < limit ? null : `${AFTER}${ids.at(-1)}` }
    })
  }

  async check(): Promise<string[]> {
    return []
  }

  async close(): Promise<void> {
    this.#closed = true
    const opened = this.#opened
    this.#opened = undefined
    await opened?.close()
  }

  /**
   * Changes records, all in one transaction that no other process can come between, and returns what each is then:
   * `undefined` where nothing was to be written. What was confirmed is on the disk.
   */
  async #write<Change extends { readonly key: EntityKey }>(
    changes: readonly Change[],
    change: (found: Stored | undefined, change: Change, left: Left | undefined) => Stored | undefined,
  ): Promise<(Stored | undefined | FabraError)[]> {
    try {
      const database = this.#database()
      return await database.transaction(() =>
        changes.map((one) => {
          const key = spell(one.key)
          const stored = change(database.get(key) as Stored | undefined, one, leftIn(database))
          if (stored !== undefined) database.putSync(key, stored)
          return stored
        }),
      )
    } catch (error) {
      return changes.map(() => unavailable(error))
    }
  }

  #get(keys: readonly EntityKey[]) {
    return this.#ask((database) => ({
      found: keys.map((key) => database.get(spell(key)) as Stored | undefined),
      left: leftIn(database),
    }))
  }

  #ask<Answer>(question: (database: RootDatabase<Stored | Left, Buffer>) => Answer): Answer {
    try {
      const database = this.#database()
      database.resetReadTxn() // sees what other processes have committed by now
      return question(database)
    } catch (error) {
      throw unavailable(error)
    }
  }

  #database(): RootDatabase<Stored | Left, Buffer> {
    if (this.#closed) throw new Error("The cache is closed.")
    this.#opened ??= open<Stored | Left, Buffer>({
      path: this.#path,
      encoding: "json",
      keyEncoding: "binary",
      // Where it is on (lmdb 3.5.6), a process that opens the file now and then undoes what another has just committed.
      overlappingSync: false,
    })
    return this.#opened
  }
}

const leftIn = (database: RootDatabase<Stored | Left, Buffer>) => database.get(LEFT) as Left | undefined

const spell = ({ entityType, entityId }: EntityKey) => Buffer.from(entityType + END + entityId)

function unavailable(cause: unknown): FabraError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new FabraError("cache_unavailable", `LMDB: ${message}`, { cause })
}
