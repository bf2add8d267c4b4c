import type {
  CacheCapabilities,
  CommitResult,
  DirectWrite,
  EntityChange,
  EntityKey,
  EntityPage,
  EntityRecord,
  EntityRemoval,
  RemovalResult,
  RemovingCache,
  StoredValue,
  WholeRecord,
  WriteResult,
} from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import type { StoreWarning } from "@fabra/events/adapter"
import { ENTITIES, TARGETS } from "./plan.js"
import { type Answer, DIED, type Process } from "./process.js"
import {
  commitOn,
  EMPTY,
  effectiveVersion,
  isOn,
  NO_TOMBSTONES,
  recordName,
  removeOn,
  type SimulatedRecord,
  type SimulatedTombstones,
  shardOf,
  tombstonesOn,
  versionOf,
  writeOn,
} from "./records.js"
import type { Server } from "./server.js"
import type { World } from "./world.js"

/** The feature cache as one process sees it: records on the servers of a world, spread over them by entity. */
export class SimulatedCache implements RemovingCache {
  readonly capabilities: CacheCapabilities = {
    name: "simulated",
    persistent: true,
    shared: true,
    rollbackWindowMs: 2000,
    removesRecords: true,
  }
  readonly #world: World
  readonly #process: Process
  /** What this process knows of the tombstones on each shard, which may be old. */
  readonly #tombstones = new Map<number, SimulatedTombstones>()

  constructor(world: World, process: Process) {
    this.#world = world
    this.#process = process
  }

  async load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    const found = await this.#readAll(keys)
    if (found.some(({ record }) => record.groups[group] === undefined)) this.#mayStandStill()
    return keys.map((key, i) => {
      const { record, shard, lineage } = found[i] as Found
      const own = record.groups[group]
      const tombstones = this.#tombstones.get(shard) ?? NO_TOMBSTONES
      return {
        key,
        version: effectiveVersion(record, group, tombstones.token),
        state: own?.state ?? null,
        tombstone: own === undefined ? (tombstones.states[group] ?? null) : null,
        flags: new Set(own?.flags),
        values: new Map(Object.entries(record.values)),
        epoch: `${shard}:${lineage}`,
      }
    })
  }

  async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const results = changes.map((): CommitResult => ({ status: "unknown", error: unavailable() }))
    await this.#perShard(changes, async (server, shard, mine) => {
      const diesAt = mine.length > 0 && this.#world.unlucky(0.01) ? this.#world.random.int(0, mine.length - 1) : -1
      const answer = await this.#process.ask(server, (master) => {
        const statuses: (string | undefined)[] = []
        for (const [i, { item }] of mine.entries()) {
          if (i === diesAt) return DIED
          statuses.push(commitOn(this.#world, master, item, this.#process.name))
        }
        return statuses
      })
      if (answer === undefined) return
      for (const [i, { index }] of mine.entries()) {
        const token = answer.value[i]
        results[index] =
          token === undefined
            ? { status: "conflict" }
            : { status: "applied", version: token, epoch: `${shard}:${answer.lineage}` }
      }
      if (answer.value.includes(undefined)) await this.#learn(server, shard)
    })
    return results
  }

  /** Just then, for so long that what was looked at may be removed meanwhile. If more did, events would pass for poison. */
  #mayStandStill(): void {
    const world = this.#world
    if (!world.configuration.ageing || world.standstills === 2 || !world.unlucky(0.05)) return
    world.standstills++
    this.#process.stalledUntil = world.now + world.random.int(2000, 9000)
  }

  async #learn(server: Server, shard: number): Promise<void> {
    if (!this.#world.configuration.ageing) return
    const answer = await this.#process.ask(server, tombstonesOn)
    if (answer !== undefined) this.#tombstones.set(shard, answer.value)
  }

  async write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    const results = writes.map((): WriteResult => ({ status: "unknown", error: unavailable() }))
    await this.#perShard(writes, async (server, _shard, mine) => {
      const answer = await this.#process.ask(server, (master) => {
        for (const { item } of mine) writeOn(this.#world, master, item)
        return true
      })
      if (answer !== undefined) for (const { index } of mine) results[index] = { status: "applied" }
    })
    return results
  }

  async inspect(keys: readonly EntityKey[]): Promise<WholeRecord[]> {
    await Promise.all(this.#world.cache.map((server, shard) => this.#learn(server, shard)))
    const found = await this.#readAll(keys)
    this.#mayStandStill()
    return found.map(({ record, shard }, i) => ({
      key: keys[i] as EntityKey,
      version: versionOf(record),
      parts: new Map(
        Object.entries(record.groups).map(([group, { state, flags }]) => [group, { state, flags: new Set(flags) }]),
      ),
      values: new Map(Object.entries(record.values)),
      writtenDirectly: record.lastWrites.length > 0,
      tombstones: new Map(Object.entries(this.#tombstones.get(shard)?.states ?? {})),
    }))
  }

  async remove(removals: readonly EntityRemoval[]): Promise<RemovalResult[]> {
    const results = removals.map((): RemovalResult => ({ status: "unknown", error: unavailable() }))
    await this.#perShard(removals, async (server, shard, mine) => {
      const answer = await this.#process.ask(server, (master) =>
        mine.map(({ item }) => removeOn(this.#world, master, item, this.#process.name)),
      )
      if (answer === undefined) return
      for (const [i, { index }] of mine.entries()) results[index] = { status: answer.value[i] ? "removed" : "conflict" }
      await this.#learn(server, shard)
    })
    return results
  }

  async verify(epochs: readonly string[]): Promise<boolean> {
    const answers = await Promise.all(this.#world.cache.map((server) => this.#process.ask(server, () => true)))
    if (answers.includes(undefined)) throw unavailable()
    const current = new Set(answers.map((answer, shard) => `${shard}:${answer?.lineage}`))
    return epochs.every((epoch) => current.has(epoch))
  }

  async read(keys: readonly EntityKey[], features: readonly string[]): Promise<(StoredValue | undefined)[][]> {
    return (await this.#readAll(keys)).map(({ record }) => features.map((feature) => record.values[feature]))
  }

  async entities(entityType: string, { after }: { readonly after?: string } = {}): Promise<EntityPage> {
    const [shard, server] = after === undefined ? [0, this.#world.cache[0]] : [1, this.#world.cache[1]]
    const answer = await this.#process.ask(server as Server, (master) =>
      [...ENTITIES, ...TARGETS].filter((entityId) => isOn(master, { entityType, entityId })),
    )
    if (answer === undefined) throw unavailable()
    return { ids: answer.value, next: shard === 0 ? "1" : null }
  }

  async check(): Promise<StoreWarning[]> {
    return []
  }

  async close(): Promise<void> {}

  async #readAll(keys: readonly EntityKey[]): Promise<Found[]> {
    const found: Found[] = []
    await this.#perShard(keys, async (server, shard, mine) => {
      const answer: Answer<SimulatedRecord[]> = await this.#process.ask(server, (master) =>
        mine.map(({ item }) => master.get<SimulatedRecord>(recordName(item)) ?? EMPTY),
      )
      if (answer === undefined) return
      for (const [i, { index }] of mine.entries()) {
        found[index] = { record: answer.value[i] as SimulatedRecord, shard, lineage: answer.lineage }
      }
    })
    for (const i of keys.keys()) if (found[i] === undefined) throw unavailable()
    return found
  }

  async #perShard<T extends EntityKey | { readonly key: EntityKey }>(
    items: readonly T[],
    ask: (server: Server, shard: number, mine: { readonly item: T; readonly index: number }[]) => Promise<void>,
  ): Promise<void> {
    await Promise.all(
      this.#world.cache.map((server, shard) => {
        const mine = items.flatMap((item, index) => {
          const { entityId } = "key" in item ? item.key : item
          return shardOf(entityId) === shard ? [{ item, index }] : []
        })
        return mine.length === 0 ? undefined : ask(server, shard, mine)
      }),
    )
  }
}

interface Found {
  readonly record: SimulatedRecord
  readonly shard: number
  readonly lineage: number
}

function unavailable(): FabraError {
  return new FabraError("cache_unavailable", "The simulated cache gave no answer.")
}
