import type { DeathPlan } from "./death.js"

/** Where Redis is: ports of the loopback interface. */
export interface Address {
  readonly isCluster: boolean
  readonly bus: readonly number[]
  readonly cache: readonly number[]
  /** As whom workers and producers connect: as administrator where it is empty. */
  readonly user: { readonly username?: string; readonly password?: string }
}

/** The consumer group of the workers. */
export const GROUP = "workers"
/** Shorter than the default, so that a trial sees many take-overs. */
export const LEASE_MS = 2_000
export const PARTITIONS = 8
/** Environment variable in which a worker process finds its {@link WorkerPlan}. */
export const PLAN_VARIABLE = "FABRA_FAULTS_PLAN"

/** What all connections of a trial have in common. */
export interface ConnectionPlan {
  readonly address: Address
  readonly namespace: string
  /** For how long after a commit a fault of the trial may undo it. */
  readonly rollbackMs: number
}

/** What a worker process is told when it is started. */
export interface WorkerPlan extends ConnectionPlan {
  readonly name: string
  /** As which it joins the group. */
  readonly consumer: string
  readonly dieAt?: DeathPlan
}

/** What a worker process says. */
export type WorkerMessage =
  | { readonly owns: readonly number[] }
  /** An event has changed features; `at` in epoch milliseconds of the machine. */
  | { readonly applied: number; readonly at: number }

/** What a worker process is told while it runs. */
export type WorkerOrder =
  /** Its clock is set forward or back. */
  | { readonly stepMs: number }
  /** It is to read to the end of the log and stop. */
  | { readonly finish: true }
