import type { EntityKey } from "@fabra/core"
import type { Timer } from "@fabra/events"
import type { Draft } from "../compute/draft.js"
import type { PartitionRun } from "../partition/partition-run.js"
import type { LiveRecord } from "../record/live-record.js"
import type { Item } from "./item.js"

/**
 * The events of one entity, in order, one step at a time. `idle`: nothing to do; `ready`: in line to be worked on; `busy`:
 * being worked on; `waiting`: for a retry or for
 * its turn to be run with caution. Only a busy lane touches its record.
 */
export interface Lane {
  readonly key: EntityKey
  readonly run: PartitionRun
  /** In order. Most often there is one: see `Processor.enqueue`. */
  items: Item[]
  state: "idle" | "ready" | "busy" | "waiting"
  /** What the cache is known to have; `undefined`: to be loaded. See `RecordCache`, which also keeps the next two. */
  record: LiveRecord | undefined
  accounted: number
  usedIn: number
  /** What the current step has computed. */
  draft: Draft | undefined
  /** How many items, from the front, the draft settles. */
  settles: number
  /** When the item after those must be tried again: milliseconds to wait; `undefined` when nothing is blocked. */
  retryInMs: number | undefined
  /** The item after those must be noted before it is run. */
  asks: boolean
  /** Fruitless tries to reach the cache or the bus in a row. */
  outages: number
  timer: Timer | undefined
}

/** Of all lanes that have none; stays empty. */
export const NO_ITEMS: Item[] = []

export function newLane(key: EntityKey, run: PartitionRun): Lane {
  return {
    key,
    run,
    items: NO_ITEMS,
    state: "idle",
    record: undefined,
    accounted: 0,
    usedIn: 0,
    draft: undefined,
    settles: 0,
    retryInMs: undefined,
    asks: false,
    outages: 0,
    timer: undefined,
  }
}
