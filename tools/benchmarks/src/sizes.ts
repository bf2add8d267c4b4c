import type { WorkloadSpec } from "./workload.js"

/** Names of what can be measured, in the order in which it is. */
export const SUITES = ["throughput", "latency", "publishing", "serving", "growth"] as const
export type SuiteName = (typeof SUITES)[number]

/** How much is measured. */
export interface Sizes {
  readonly quick: boolean
  readonly workload: WorkloadSpec
  /** How many turns each contender has; in each it drains such a part of the workload. */
  readonly rounds: number
  /** Of each worker before it is measured: its code is compiled meanwhile. */
  readonly warmUpEvents: number
  /** Load beside the probes, events per second. */
  readonly rates: readonly number[]
  /** How long each load is measured, in seconds, and how long before: until code is compiled and what had piled up is done. */
  readonly latencySeconds: number
  readonly latencyWarmUpSeconds: number
  /** Events of each way to publish. */
  readonly published: number
  /** How many turns each server has for each kind of request. */
  readonly servingTurns: number
  /** What grows, and to which values. */
  readonly growth: Readonly<Record<GrowthName, readonly number[]>>
}

export type GrowthName = "backlog" | "features" | "entities" | "value_length"

const BASE: WorkloadSpec = { events: 200_000, entities: 10_000, features: 3, noteLength: 0 }

export const FULL: Sizes = {
  quick: false,
  workload: BASE,
  rounds: 20,
  warmUpEvents: 100_000,
  rates: [1_000, 5_000, 20_000],
  latencySeconds: 10,
  latencyWarmUpSeconds: 5,
  published: 10_000,
  servingTurns: 50,
  growth: {
    backlog: [10_000, 100_000, 1_000_000],
    features: [1, 10, 100],
    entities: [1_000, 10_000, 100_000, 1_000_000],
    value_length: [10, 100, 1_000, 10_000, 100_000],
  },
}

/** Everything that a ratio needs, in about a minute. */
export const QUICK: Sizes = {
  quick: true,
  workload: { ...BASE, events: 30_000 },
  rounds: 3,
  warmUpEvents: 12_000,
  rates: [5_000, 20_000],
  latencySeconds: 2,
  latencyWarmUpSeconds: 2,
  published: 10_000,
  servingTurns: 3,
  growth: { backlog: [3_000, 20_000], features: [], entities: [], value_length: [] },
}
