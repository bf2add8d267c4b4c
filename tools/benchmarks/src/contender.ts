import type { PurchaseEvent, Totals, WorkloadSpec } from "./workload.js"

/** Where a contender works. A plain object, so that it can be handed to other processes. */
export interface World {
  /** A Redis of its own, empty at first. */
  readonly url: string
  readonly workload: WorkloadSpec
  /** How many worker processes there are. */
  readonly processes: number
}

/** Puts events where the contender's workers find them. */
export interface Producer {
  publish(events: readonly PurchaseEvent[]): Promise<void>
  close(): Promise<void>
}

/** Applies events, in a process of its own. */
export interface Worker {
  /** Works until everything published before, so many events, is applied. */
  drain(events: number): Promise<void>
  /** Resolves when it takes nothing until the next drain; without it, it takes nothing in between anyway. */
  hold?(): Promise<void>
}

/** Reads what workers have computed, as an application would. */
export interface Reader {
  /** What of the totals is not computed, so that nobody can read it. */
  readonly without?: "last"
  read(entityIds: readonly string[]): Promise<(Totals | undefined)[]>
  close(): Promise<void>
}

/** One way to turn events into feature values. What it does not say is done for it. */
export interface Contender {
  /** In results and on the command line. */
  readonly name: string
  /** For people. */
  readonly title: string
  /** Worker processes, default 1. */
  readonly processes?: number
  /** How many times the workload's events it gets: fewer when it is slow, more when its turns were too short; default 1. */
  readonly share?: number
  /** More arguments for its Redis. */
  readonly redisArgs?: readonly string[]
  /** No ratio needs it: left out of `--quick`. */
  readonly isExtra?: boolean
  /** Has no Redis: producer, worker and reader live in one process. */
  readonly embedded?: boolean
  /** Its request-response code is faster when all share one core: tried there too. */
  readonly likesOneCore?: boolean
  producer(world: World): Producer
  /** Resolves when it is ready to drain. @param onApplied to be called for each event */
  worker(world: World, onApplied: () => void): Promise<Worker>
  /** A limit computes nothing, so it has none. */
  reader?(world: World): Reader
}
