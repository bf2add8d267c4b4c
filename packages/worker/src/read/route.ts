import type { FeatureHandler } from "@fabra/core/adapter"
import type { FabraError } from "@fabra/events"

/** The handlers an event runs for one entity. */
export interface Route {
  readonly entityType: string
  /** `undefined`: the event's own. */
  readonly entityId?: string | undefined
  readonly handlers: readonly FeatureHandler[]
  /** Those of {@link handlers} whose `key` failed, and why: nobody knows for which entity they are. */
  readonly failed?: ReadonlyMap<FeatureHandler, FabraError> | undefined
  /** Only of a replay of what failed because of its `key`: the entities that it names now. */
  readonly forwards?: ReadonlyMap<FeatureHandler, readonly string[]> | undefined
  /** It comes from such a replay: the failure stands in the record of another entity. */
  readonly isForwarded?: boolean | undefined
}
