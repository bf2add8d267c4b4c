import type { EntityKey, Epoch } from "@fabra/core"
import type { Position } from "@fabra/events"
import type { Item } from "../lane/item.js"
import { type Lane, newLane } from "../lane/lane.js"
import { Overflow } from "./overflow.js"
import { Progress } from "./progress.js"

/** From where a run reads: a stored checkpoint, and how many records of the assignment lie before it. */
export interface StartPoint {
  readonly position: Position | null
  readonly records: number
}

/**
 * One generation of one owned partition: its lanes, how far it is, and what it has seen settled. Everything learnt lives
 * and dies with it; when it is no longer active, whoever still works for it stops at the next step (rule R4).
 */
export class PartitionRun {
  readonly partition: number
  readonly progress: Progress
  /** Last stored checkpoint. */
  start: StartPoint
  active = true
  /** Items read and not settled. */
  unsettled = 0
  /** Bytes of the events that these hold, about. */
  unsettledBytes = 0
  /** The last record read, whatever has been read again since. */
  readTo: Position
  /** What full lanes have left out. */
  readonly overflow = new Overflow()
  /** Where the last owner may have died: up to here events are run with caution (rule R13); `""`: nowhere. */
  readonly quarantineUntil: Position
  /** Which parts of the cache have confirmed what was settled since the stored checkpoint (rule R3). */
  readonly epochs = new Set<Epoch>()
  /** By type of entity, then by id: to join them to one key would cost every event a string. */
  readonly #lanes = new Map<string, Map<string, Lane>>()
  // Last settled position per entity (rule R2), in two ages so that what a checkpoint covers is dropped as a whole.
  #seen = new Map<string, Position>()
  #seenBefore = new Map<string, Position>()
  #seenBeforeEnds: Position = ""
  #lastSettled: Position = ""
  #drained: (() => void) | undefined

  constructor(partition: number, start: StartPoint, quarantineUntil: Position | null) {
    this.partition = partition
    this.quarantineUntil = quarantineUntil ?? ""
    this.start = start
    this.readTo = start.position ?? ""
    this.progress = new Progress(start.records)
  }

  lane(entityType: string, entityId: string): Lane {
    let ofType = this.#lanes.get(entityType)
    if (ofType === undefined) {
      ofType = new Map()
      this.#lanes.set(entityType, ofType)
    }
    let lane = ofType.get(entityId)
    if (lane === undefined) {
      lane = newLane({ entityType, entityId }, this)
      ofType.set(entityId, lane)
    }
    return lane
  }

  /** The entity's lane if there is one. */
  find(entityType: string, entityId: string): Lane | undefined {
    return this.#lanes.get(entityType)?.get(entityId)
  }

  *lanes(): Generator<Lane> {
    for (const ofType of this.#lanes.values()) yield* ofType.values()
  }

  /** Lets go of an idle lane, unless it still lacks records. */
  forget(lane: Lane): void {
    if (!this.overflow.has(lane)) this.#lanes.get(lane.key.entityType)?.delete(lane.key.entityId)
  }

  /** Whether anything that was read is not settled. */
  get isBusy(): boolean {
    return this.unsettled > 0 || this.overflow.size > 0
  }

  /** An item was read. */
  take({ record }: Pick<Item, "record">): void {
    this.unsettled++
    this.unsettledBytes += record.data.length
  }

  /** One lane is done with an item. */
  settle({ batch, record }: Pick<Item, "batch" | "record">): void {
    this.unsettled--
    this.unsettledBytes -= record.data.length
    if (--batch.pending === 0) this.progress.advance()
    if (this.unsettled === 0) this.#drained?.()
  }

  /** The entity's events up to `position` were settled in its record, which is no longer kept. */
  see(key: EntityKey, position: Position): void {
    this.#seen.set(nameOf(key), position)
    if (position > this.#lastSettled) this.#lastSettled = position
  }

  lastSeen(key: EntityKey): Position | undefined {
    const name = nameOf(key)
    return this.#seen.get(name) ?? this.#seenBefore.get(name)
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
    for (const { timer } of this.lanes()) timer?.cancel()
    this.#drained?.()
  }
}

/** Names of types hold no slash. */
function nameOf({ entityType, entityId }: EntityKey): string {
  return `${entityType}/${entityId}`
}
