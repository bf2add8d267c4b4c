import { setMaxListeners } from "node:events"
import type { EntityKey, Epoch } from "@fabra/core/adapter"
import type { Position } from "@fabra/events"
import type { BusRecord } from "@fabra/events/adapter"
import { Overflow } from "./overflow.js"
import { Progress, type ReadBatch } from "./progress.js"

/** Why a partition is read again: the cache has `lost` commits, or may have in a `restart`. */
export type RollbackCause = "lost" | "restart"

/** By type of entity, then by id: to join them to one key would cost a string each time. */
type SeenPositions = Map<string, Map<string, Position>>

/** From where a session reads: a stored checkpoint, and how many records of the assignment lie before it. */
export interface StartPoint {
  readonly position: Position | null
  readonly records: number
}

/**
 * One generation of one owned partition: how far it is, and what it has seen settled. Everything learnt of the partition
 * lives and dies with it; work still under way for a session that has ended stops at its next step (rule R4).
 */
export class PartitionSession {
  readonly partition: number
  readonly progress: Progress
  /** Last stored checkpoint. */
  start: StartPoint
  active = true
  /** Items read and not settled. */
  unsettled = 0
  /** About how many bytes these take in their wire form. */
  unsettledBytes = 0
  /** The last record read, whatever has been read again since. */
  readTo: Position
  /** What full lanes have deferred. */
  readonly overflow = new Overflow()
  /** Where the last owner may have died: events up to here go into quarantine (rule R13); `""`: none. */
  readonly quarantineUntil: Position
  /** Which parts of the cache have confirmed what was settled since the stored checkpoint (rule R3). */
  readonly epochs = new Set<Epoch>()
  /** What was settled up to here before the cache was restarted: an event that has to be applied again was lost by it. */
  confirmedTo: Position = ""
  readonly #ending = new AbortController()
  // Last settled position per entity (rule R2), in two ages so that what a checkpoint covers is dropped as a whole.
  #seen: SeenPositions = new Map()
  #seenBefore: SeenPositions = new Map()
  #seenBeforeEnds: Position = ""
  #lastSettled: Position = ""
  #drained: (() => void) | undefined

  constructor(partition: number, start: StartPoint, quarantineUntil: Position | null) {
    this.partition = partition
    this.quarantineUntil = quarantineUntil ?? ""
    this.start = start
    this.readTo = start.position ?? ""
    this.progress = new Progress(start.records)
    setMaxListeners(0, this.signal) // as many as wait for a bus that does not answer
  }

  /** Fires when the session ends. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** Everything up to here was settled, in this session or before the restart that began it. */
  get settledTo(): Position {
    const { end = "" } = this.progress
    if (end <= this.confirmedTo) return this.confirmedTo
    return end
  }

  /** Whether anything that was read is not settled. */
  get isBusy(): boolean {
    return this.unsettled > 0 || this.overflow.size > 0
  }

  /** A record was read that has to be settled. */
  accept(record: BusRecord): void {
    this.unsettled++
    this.unsettledBytes += record.data.length
  }

  /** One lane is done with a record. */
  settle({ batch, record }: { readonly batch: ReadBatch; readonly record: BusRecord }): void {
    this.unsettled--
    this.unsettledBytes -= record.data.length
    if (--batch.pending === 0) this.progress.advance()
    if (this.unsettled === 0) this.#drained?.()
  }

  /** The entity's events up to `position` were settled in its record, which is no longer kept. */
  see(key: EntityKey, position: Position): void {
    const ofType = this.#seen.get(key.entityType)
    if (ofType === undefined) this.#seen.set(key.entityType, new Map([[key.entityId, position]]))
    else ofType.set(key.entityId, position)
    if (position > this.#lastSettled) this.#lastSettled = position
  }

  lastSeen(key: EntityKey): Position | undefined {
    const { entityType, entityId } = key
    return this.#seen.get(entityType)?.get(entityId) ?? this.#seenBefore.get(entityType)?.get(entityId)
  }

  /** A checkpoint was stored: nothing at or before it will be read again. */
  checkpointed(start: { readonly position: Position; readonly records: number }): void {
    this.start = start
    this.progress.forget(start.position)
    if (this.#seenBeforeEnds > start.position) return
    this.#seenBefore = this.#seen
    this.#seenBeforeEnds = this.#lastSettled
    this.#seen = new Map()
  }

  /** Resolves when nothing is unsettled. One waiter at a time. */
  drained(): Promise<void> {
    if (this.unsettled === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drained = resolve
    })
  }

  end(): void {
    this.active = false
    this.#ending.abort()
    this.#drained?.()
  }
}
