import type { TcpProxy } from "@fabra/test-support"
import type { Random } from "@fabra/test-support/random"
import type { Fleet } from "./fleet.js"
import type { Place, PlaceKind } from "./place.js"
import type { WorkerPlan } from "./plan.js"

/** What a fault can get at while a trial runs. */
export interface Stage {
  readonly seed: number
  readonly random: Random
  readonly namespace: string
  readonly place: Place
  readonly fleet: Fleet
  /** The way of the first worker and of one producer to Redis, if the fault is proxied. */
  readonly proxy: TcpProxy
  /** The entity that is watched, see `Watcher`. */
  readonly watched: string
}

/** A kind of fault. */
export interface Fault {
  readonly place: PlaceKind
  /** The first worker and one producer reach Redis by a proxy. */
  readonly isProxied?: boolean
  /** Nothing is beyond its reach: there is no unaffected entity to watch. */
  readonly hitsAll?: boolean
  /** Where the first worker is to die, and its successors. */
  readonly dieAt?: (seed: number, life: number) => NonNullable<WorkerPlan["dieAt"]>
  /** The consumer as which every life of the first worker joins. Default: each under a name of its own. */
  readonly consumer?: (seed: number) => string | undefined
  /** For how long after a commit the fault may undo it. Default: it never does. */
  readonly rollbackMs?: number
  /** Does its worst, under load, and makes good again. Returns what it did, in a few words. */
  run(stage: Stage): Promise<string>
}
