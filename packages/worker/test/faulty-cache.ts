import { MemoryFeatureCache } from "@fabra/core"
import type { CommitResult, EntityChange } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"

/** A memory cache whose commits can be tampered with. */
export class FaultyCache extends MemoryFeatureCache {
  override readonly capabilities = {
    name: "faulty",
    persistent: false,
    shared: true,
    rollbackWindowMs: 0,
    removesRecords: true,
  }
  /** What to do with the next commit calls, first come first served. */
  readonly faults: ("lost" | "applied but unknown" | "throws")[] = []
  valid = true

  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const fault = this.faults.shift()
    const error = new FabraError("cache_unavailable", "cut")
    if (fault === "throws") throw error
    if (fault === undefined) return super.commit(changes)
    if (fault === "applied but unknown") await super.commit(changes)
    return changes.map(() => ({ status: "unknown", error }))
  }

  override async verify(): Promise<boolean> {
    return this.valid
  }
}
