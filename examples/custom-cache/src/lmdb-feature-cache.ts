import type { FeatureCache } from "@fabra/core"
import type {
  CacheCapabilities,
  CommitResult,
  DirectWrite,
  EntityChange,
  EntityKey,
  EntityPage,
  EntityRecord,
  StoredValue,
  WriteResult,
} from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { type StoreWarning, show } from "@fabra/events/adapter"
import { open, type RootDatabase } from "lmdb"
import { groupVersionOf, partOf, type Stored, withChange, withWrite } from "./record.js"

/** Ends a type and begins an id: no name holds it, and none sorts before it. */
const END = "\0"
/** How the `next` of a page begins; what follows is its last id. */
const AFTER = "after:"

/** A feature cache in one LMDB file, for as many processes of one machine as like. */
export class LmdbFeatureCache implements FeatureCache {
  readonly capabilities: CacheCapabilities = {
    name: "lmdb",
    persistent: true,
    shared: true,
    rollbackWindowMs: 0,
    removesRecords: false,
  }
  readonly #path: string
  #opened: RootDatabase<Stored, Buffer> | undefined
  #closed = false

  /** @param options.path the file; made with the first use */
  constructor({ path }: { readonly path: string }) {
    this.#path = path
  }

  async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    const found = this.#get(keys)
    return keys.map((key, i) => {
      const stored = found[i]
      const own = stored && partOf(stored, group)
      return {
        key,
        version: groupVersionOf(stored, group),
        state: own?.state ?? null,
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
        version: groupVersionOf(stored, (changes[i] as EntityChange).group) as string,
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

  /** Confirmed writes are on the disk, so the epoch never changes. */
  async verify(): Promise<boolean> {
    return true
  }

  async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    return this.#get(keys).map((stored) => {
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

  async check(): Promise<StoreWarning[]> {
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
    change: (found: Stored | undefined, change: Change) => Stored | undefined,
  ): Promise<(Stored | undefined | FabraError)[]> {
    try {
      const database = this.#database()
      return await database.transaction(() =>
        changes.map((one) => {
          const key = spell(one.key)
          const stored = change(database.get(key), one)
          if (stored !== undefined) database.putSync(key, stored)
          return stored
        }),
      )
    } catch (error) {
      return changes.map(() => unavailable(error))
    }
  }

  #get(keys: readonly EntityKey[]) {
    return this.#ask((database) => keys.map((key) => database.get(spell(key))))
  }

  #ask<Answer>(question: (database: RootDatabase<Stored, Buffer>) => Answer): Answer {
    try {
      const database = this.#database()
      database.resetReadTxn() // sees what other processes have committed by now
      return question(database)
    } catch (error) {
      throw unavailable(error)
    }
  }

  #database(): RootDatabase<Stored, Buffer> {
    if (this.#closed) throw new Error("The cache is closed.")
    this.#opened ??= open<Stored, Buffer>({
      path: this.#path,
      encoding: "json",
      keyEncoding: "binary",
      // Where it is on (lmdb 3.5.6), a process that opens the file now and then undoes what another has just committed.
      overlappingSync: false,
    })
    return this.#opened
  }
}

const spell = ({ entityType, entityId }: EntityKey) => Buffer.from(entityType + END + entityId)

function unavailable(cause: unknown): FabraError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new FabraError("cache_unavailable", `LMDB: ${message}`, { cause })
}
