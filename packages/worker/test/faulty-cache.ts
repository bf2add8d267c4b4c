import { MemoryFeatureCache } from "@fabra/core"
import type { CommitResult, EntityChange } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"

type Fault = "lost" | "applied but unknown" | "throws"

/** A memory cache whose commits can be tampered with. */
export class FaultyCache extends MemoryFeatureCache {
  override readonly capabilities = {
    name: "faulty",
    persistent: false,
    shared: true,
    rollbackWindowMs: 0,
    removesRecords: true,
  }
  /** What to do with the next commits of entities, first come first served. */
  readonly faults: Fault[] = []
  /** The same for what workers note of themselves. */
  readonly faultsOfNotes: Fault[] = []
  valid = true

  override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    const isNote = changes.some(({ key }) => key.entityType.startsWith("~"))
    const fault = (isNote ? this.faultsOfNotes : this.faults).shift()
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
