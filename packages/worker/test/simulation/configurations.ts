/** Which servers fail over in a simulation, and where things live. */
export interface Configuration {
  /** Nothing goes wrong at all: no lost replies, no crashes, no stalls. */
  readonly calm?: boolean
  readonly busFailover?: boolean
  readonly cacheFailover?: boolean
  /** Bus and cache share their servers, so both roll back together. */
  readonly together?: boolean
  /** Replicas lag far behind at times, and so do checkpoints. */
  readonly slowReplication?: boolean
  /** One event kills every process that runs it. */
  readonly poison?: boolean
  /** A worker bears the name of the one it comes after, and crashes often. */
  readonly names?: boolean
  /** A feature is computed on schedule besides. */
  readonly schedules?: boolean
  /** Values outlive their `ttl` soon, and records with them. */
  readonly ageing?: boolean
  /** Events change features and a state of further entities, which their payload names. */
  readonly keys?: boolean
}

/** Every configuration; in all but `calm` processes crash and stall, and requests and replies get lost. */
export const CONFIGURATIONS = {
  calm: { calm: true },
  processes: {},
  cache: { cacheFailover: true },
  bus: { busFailover: true },
  together: { busFailover: true, cacheFailover: true, together: true },
  slow: { cacheFailover: true, slowReplication: true },
  poison: { poison: true },
  names: { names: true, busFailover: true },
  schedules: { schedules: true },
  ageing: { ageing: true, cacheFailover: true },
  keys: { keys: true, cacheFailover: true },
  keys_ageing: { keys: true, ageing: true, cacheFailover: true },
  apart: { busFailover: true, cacheFailover: true },
} as const satisfies Record<string, Configuration>

/** Name of one of {@link CONFIGURATIONS}. */
export type ConfigurationName = keyof typeof CONFIGURATIONS
