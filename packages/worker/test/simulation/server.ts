import type { Random } from "@fabra/test-support/random"
import type { Configuration } from "./configurations.js"
import type { Scheduler } from "./scheduler.js"

/** One change of a master, as it is sent to its replica. */
interface Version {
  readonly operation: number
  readonly value: unknown
}

/** A record in the log of one partition. */
export interface LogEntry {
  readonly position: string
  readonly data: string
  readonly acceptedAt: number
  readonly operation: number
}

/** What servers know of the world that they are in. */
interface Surroundings {
  readonly configuration: Configuration
  readonly random: Random
  readonly scheduler: Scheduler
  readonly bus: readonly Server[]
  readonly cache: readonly Server[]
  readonly now: number
  readonly lagsUntil: number
  busFailed: boolean
  cacheFailed: boolean
  tell(line: () => string): void
}

const LAG_MS = [2, 60] as const
const LONG_LAG_MS = [100, 800] as const
const SLOW_LAG_MS = [1000, 3000] as const
const SPLIT_MS = [60, 800] as const

/**
 * A process that serves as the master of a {@link Server}. Scripts run on it one at a time; all that one script changes
 * is one operation, which the replica has some time later. Values are never changed in place.
 */
export class Master {
  readonly server: Server
  /** How many masters there were, this one included. */
  readonly lineage: number
  dead = false
  readonly #world: Surroundings
  #values = new Map<string, Version[]>()
  #entries: LogEntry[] = []
  /** When the replica has each operation. */
  #replicatedAt: number[] = []
  #operation: number | undefined
  /** The first operation that its successor does not have. */
  #fork = Number.POSITIVE_INFINITY

  constructor(world: Surroundings, server: Server, before?: Master) {
    this.#world = world
    this.server = server
    this.lineage = (before?.lineage ?? 0) + 1
    if (before === undefined) return
    const kept = before.#replicatedAt.findIndex((at) => at > world.now)
    before.#fork = kept < 0 ? before.#replicatedAt.length : kept
    this.#replicatedAt = before.#replicatedAt.slice(0, before.#fork)
    this.#entries = before.#entries.filter(({ operation }) => operation < before.#fork)
    for (const [key, versions] of before.#values) {
      const known = versions.filter(({ operation }) => operation < before.#fork)
      if (known.length > 0) this.#values.set(key, known)
    }
    this.lost = before.#replicatedAt.length - before.#fork
  }

  get name(): string {
    return `${this.server.name}.${this.lineage}`
  }

  /** How many operations of its predecessor it does not have. */
  readonly lost: number = 0

  get entries(): readonly LogEntry[] {
    return this.#entries
  }

  /** To be called before each script: its changes are one operation. */
  begin(): void {
    this.#operation = undefined
  }

  get<T>(key: string): T | undefined {
    return this.#values.get(key)?.at(-1)?.value as T | undefined
  }

  /** Returns the operation, for {@link isReplicated}. */
  set(key: string, value: unknown): number {
    const operation = this.#operate()
    const versions = this.#values.get(key)
    if (versions === undefined) this.#values.set(key, [{ operation, value }])
    else versions.push({ operation, value })
    return operation
  }

  keys(prefix: string): string[] {
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix))
  }

  /** When the replica had or will have an operation. */
  replicatedAt(operation: number): number {
    return this.#replicatedAt[operation] ?? Number.POSITIVE_INFINITY
  }

  /** Whether no failover can undo it any more. */
  isReplicated(operation: number): boolean {
    return operation < this.#fork && this.replicatedAt(operation) <= this.#world.now
  }

  /** Positions of a later master are above all of an earlier one: readers may have seen those. */
  append(data: string): LogEntry {
    const last = this.#entries.at(-1)
    const counter = last === undefined ? 1 : Number(last.position.slice(3)) + 1
    const position = `${this.lineage}-${String(counter).padStart(4, "0")}`.padStart(7, "0")
    const entry = { position, data, acceptedAt: this.#world.now, operation: this.#operate() }
    this.#entries.push(entry)
    return entry
  }

  #operate(): number {
    if (this.#operation !== undefined) return this.#operation
    const { now, random, lagsUntil, configuration } = this.#world
    const longest = configuration.slowReplication ? SLOW_LAG_MS : LONG_LAG_MS
    const [low, high] = now < lagsUntil ? longest : LAG_MS
    const after = this.#replicatedAt.at(-1) ?? 0
    this.#operation = this.#replicatedAt.push(Math.max(after, now + random.int(low, high))) - 1
    return this.#operation
  }
}

/** A master and its replica. After a failover the old master may go on for a while and serve those who know no better. */
export class Server {
  readonly name: string
  master: Master
  readonly #world: Surroundings
  /** Readers that wait for something to be readable. */
  readonly waiting = new Set<() => void>()

  constructor(world: Surroundings, name: string) {
    this.#world = world
    this.name = name
    this.master = new Master(world, this)
  }

  failOver(): void {
    const world = this.#world
    const old = this.master
    this.master = new Master(world, this, old)
    const split = world.random.chance(0.5) ? 0 : world.random.int(...SPLIT_MS)
    if (split === 0) old.dead = true
    else world.scheduler.after(split, () => (old.dead = true))
    if (world.bus.includes(this)) world.busFailed = true
    if (world.cache.includes(this)) world.cacheFailed = true
    world.tell(() => `FAILOVER of ${this.name}: ${this.master.lost} operations lost, split brain for ${split} ms`)
  }

  /** Wakes those who wait to read, as soon as the operation is safe. */
  announce(master: Master, operation: number): void {
    this.#world.scheduler.at(master.replicatedAt(operation), () => {
      for (const wake of this.waiting) wake()
    })
  }
}
