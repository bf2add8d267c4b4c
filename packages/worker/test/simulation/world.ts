import { Random } from "@fabra/test-support/random"
import type { Configuration } from "./configurations.js"
import { Scheduler } from "./scheduler.js"
import { Server } from "./server.js"

/** Partitions of the bus, one server each; as many shards of the cache. */
export const PARTITIONS = 2

/** What is wrong with an execution. */
export type ViolationKind = "lost" | "duplicated" | "reordered" | "half_visible" | "collateral" | "stuck" | "fault"

export interface Violation {
  readonly kind: ViolationKind
  readonly what: string
}

/** Everything one simulated execution is made of: chance, time, servers, and what has been noticed. */
export class World {
  readonly configuration: Configuration
  readonly random: Random
  readonly scheduler: Scheduler
  readonly bus: readonly Server[]
  readonly cache: readonly Server[]
  readonly violations: Violation[] = []
  /** While true, things go wrong. */
  faults = true
  /** Until when replication lags far behind. */
  lagsUntil = 0
  /** The last turn that had been done when faults ended. */
  turnWhenCalm: number | undefined
  /** How often a process has stood still right when it had looked at records. */
  standstills = 0
  /** Clients that have not finished yet. */
  pending = 0
  busFailed = false
  cacheFailed = false
  /** Event and feature, as `e1/a2`: what has ever stood in the dead-letter queue. */
  readonly everBuried = new Set<string>()
  readonly lines: string[] | undefined

  constructor(seed: number, configuration: Configuration, tracing: boolean) {
    this.configuration = configuration
    this.random = new Random(Math.imul(seed, 0x9e3779b1) + 12_345)
    this.scheduler = new Scheduler(this.random)
    this.lines = tracing ? [] : undefined
    const servers = (name: string) => Array.from({ length: PARTITIONS }, (_, i) => new Server(this, `${name}${i}`))
    this.bus = servers(configuration.together ? "node" : "bus")
    this.cache = configuration.together ? this.bus : servers("cache")
  }

  get now(): number {
    return this.scheduler.now
  }

  /** Whether a fault of this probability happens now. */
  unlucky(probability: number): boolean {
    return this.faults && !this.configuration.calm && this.random.chance(probability)
  }

  /** Adds a line to the trace; takes a function so that nothing is spelled when nobody reads it. */
  tell(line: () => string): void {
    this.lines?.push(`${String(this.now).padStart(6)} ${line()}`)
  }

  violated(kind: ViolationKind, what: string): void {
    this.violations.push({ kind, what })
    this.tell(() => `VIOLATION ${kind}: ${what}`)
  }
}
