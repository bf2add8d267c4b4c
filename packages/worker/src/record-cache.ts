import { LRUCache } from "lru-cache"
import type { Lane } from "./lane.js"
import { type LiveRecord, sizeOf } from "./live-record.js"
import type { PartitionRun } from "./partition-run.js"

const MAX_BYTES = 64 * 1024 * 1024

/**
 * Records of entities whose partitions this worker holds, so that hot ones need no loading; least recently used go
 * first. A record is valid for the run that loaded it only.
 */
export class RecordCache {
  readonly #entries = new LRUCache<string, { record: LiveRecord; run: PartitionRun }>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ record }) => sizeOf(record),
  })

  get(lane: Lane): LiveRecord | undefined {
    const entry = this.#entries.get(lane.id)
    return entry?.run === lane.run ? entry.record : undefined
  }

  set(lane: Lane, record: LiveRecord): void {
    this.#entries.set(lane.id, { record, run: lane.run })
  }

  delete(lane: Lane): void {
    this.#entries.delete(lane.id)
  }
}
