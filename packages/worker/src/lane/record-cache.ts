import type { LiveRecord } from "../record/live-record.js"
import type { Lane } from "./lane.js"
import type { Lanes } from "./lanes.js"

const MAX_BYTES = 64 * 1024 * 1024

/**
 * Lets lanes keep the records of their entities, so that busy entities need no loading, and bounds the memory they take.
 * Of idle lanes, those that were not used since room was last made go first, with their records. A record hangs on its
 * lane, a lane on its session: what one generation of a partition has loaded is never seen by the next.
 */
export class RecordCache {
  readonly #lanes: Lanes
  readonly #dropped: (lane: Lane) => void
  readonly #holding = new Set<Lane>()
  #bytes = 0
  #round = 0

  /** @param dropped called when a lane has lost its record to make room */
  constructor(lanes: Lanes, dropped: (lane: Lane) => void) {
    this.#lanes = lanes
    this.#dropped = dropped
  }

  /** A record was loaded. */
  set(lane: Lane, record: LiveRecord): void {
    this.delete(lane)
    lane.record = record
    lane.accounted = record.bytes
    this.#bytes += record.bytes
    this.#holding.add(lane)
    this.used(lane)
  }

  /** The lane works on its record, which may have grown. */
  used(lane: Lane): void {
    const bytes = lane.record?.bytes ?? 0
    this.#bytes += bytes - lane.accounted
    lane.accounted = bytes
    lane.usedIn = this.#round
    if (this.#bytes > MAX_BYTES) this.#makeRoom()
  }

  /** The record must be loaded anew. Its mark, which only the record remembered so far, goes to the session (rule R2). */
  delete(lane: Lane): void {
    const { record } = lane
    if (record === undefined) return
    if (record.mark.mark !== "") lane.session.see(lane.key, record.mark.mark)
    lane.record = undefined
    this.#holding.delete(lane)
    this.#bytes -= lane.accounted
    lane.accounted = 0
  }

  #makeRoom(): void {
    for (const lane of this.#holding) if (lane.usedIn < this.#round) this.#drop(lane)
    for (const lane of this.#holding) {
      if (this.#bytes <= MAX_BYTES / 2) break
      this.#drop(lane)
    }
    this.#round++
  }

  #drop(lane: Lane): void {
    if (lane.state !== "idle") return
    this.delete(lane)
    this.#dropped(lane)
    this.#lanes.forget(lane)
  }
}
