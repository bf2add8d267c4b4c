import type { EntityKey, FeatureHandler } from "@fabra/core/adapter"
import type { AxiomEvent } from "@fabra/events"
import type { BusRecord, Timer } from "@fabra/events/adapter"
import type { PartitionSession } from "../partition/partition-session.js"
import type { ReadBatch } from "../partition/progress.js"
import type { Route } from "../read/route.js"
import type { Draft } from "../record/draft.js"
import type { LiveRecord } from "../record/live-record.js"

/** An event as handlers get it: its payload is what its schema makes of it. */
export type CheckedEvent = AxiomEvent<string, unknown>

/** How a feature has failed on an event so far. Kept over conflicts and reloads: those are no attempts. */
export interface Failure {
  attempts: number
  readonly firstFailedAt: number
  lastFailedAt: number
  error: unknown
}

/** Features that have failed on an event and are tried again together. */
export interface Retry {
  readonly features: readonly string[]
  /** How long to wait, in milliseconds. */
  readonly inMs: number
}

/** One event on its way through the lane of one entity. */
export interface Item {
  readonly lane: Lane
  readonly event: AxiomEvent
  readonly record: BusRecord
  readonly batch: ReadBatch
  /** What the event triggers on this lane's entity. */
  readonly route: Route
  /** Those of the route's handlers that the step at hand runs: the others have applied the event. */
  concerned: readonly FeatureHandler[]
  /** Epoch milliseconds. */
  readonly readAt: number
  /** By feature; made when the first one fails. */
  failures: Map<string, Failure> | undefined
  /** The event with its payload checked, or why it does not match its schema. Set when first needed. */
  checked: CheckedEvent | Error | undefined
  /** Features whose value it changed, in the order of their first change. */
  updated: readonly string[]
  /**
   * Set where the partition's last owner may have died (rule R13): `ask` until the event is noted, `suspect` when it is to
   * be noted and run alone, then how many other consumers have noted it.
   */
  quarantine: "ask" | "suspect" | { readonly others: number } | undefined
  /** How often it was tried: of its features the one that took most; 0: no handler ran. */
  attempts: number
  /** It was settled before the worker came to it. */
  repeated: boolean
  /** Features that were given up; made with the first one. */
  dead: Set<string> | undefined
}

/**
 * The events of one entity, in order, one step at a time. `idle`: nothing to do; `ready`: in line to be worked on; `busy`:
 * being worked on; `waiting`: for a retry or in quarantine. Only a busy lane touches its record.
 */
export interface Lane {
  readonly key: EntityKey
  readonly session: PartitionSession
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
  /** Features of the item after those that have failed; `undefined` when nothing is blocked. */
  retry: Retry | undefined
  /** The item after those must be noted before it is run: see `Quarantine`. */
  asks: boolean
  /** Fruitless tries to reach the cache in a row. */
  outages: number
  /** Commits in a row that met a record which others had changed. */
  conflicts: number
  timer: Timer | undefined
}

/** Of all lanes that have none; stays empty. */
export const NO_ITEMS: Item[] = []
const NONE: readonly string[] = []

/** A lane without events. */
export function newLane(key: EntityKey, session: PartitionSession): Lane {
  return {
    key,
    session,
    items: NO_ITEMS,
    state: "idle",
    record: undefined,
    accounted: 0,
    usedIn: 0,
    draft: undefined,
    settles: 0,
    retry: undefined,
    asks: false,
    outages: 0,
    conflicts: 0,
    timer: undefined,
  }
}

/** What an item is made of. */
type NewItem = Pick<Item, "lane" | "event" | "record" | "batch" | "route" | "readAt" | "quarantine">

/** An event that was just read. */
export function newItem({ lane, event, record, batch, route, readAt, quarantine }: NewItem): Item {
  return {
    lane,
    event,
    record,
    batch,
    route,
    concerned: route.handlers,
    readAt,
    failures: undefined,
    checked: undefined,
    updated: NONE,
    quarantine,
    attempts: 0,
    repeated: false,
    dead: undefined,
  }
}

/** What the step at hand makes of the record of the item's entity. */
export function draftOf({ lane }: Item): Draft {
  return lane.draft as Draft
}
