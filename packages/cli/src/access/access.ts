import type { DeadLetters, EntityMatches, Erased, FabraApiError } from "@fabra/client"
import type { FeatureValue, MetadataFilter, ReadInput } from "@fabra/core"
import type { AxiomEvent, FabraError, PartitionLag } from "@fabra/events"
import type { AppliedNotices } from "../feed/feed.js"

/** What became of one published event. */
export type Published =
  | { readonly ok: true; readonly eventId: string; readonly duplicate: boolean }
  | { readonly ok: false; readonly eventId: string; readonly error: FabraError | FabraApiError }

/** The way by which commands reach events and values: through the HTTP API, or directly where they are kept. */
export interface Access extends AsyncDisposable {
  /** For people. */
  readonly where: string
  /** Answers for each event, in order. */
  publish(events: readonly AxiomEvent[]): Promise<readonly Published[]>
  /**
   * Features of one entity by name; all it has when none is named. @param input for those that are computed with the read
   * @throws FabraError, FabraApiError `unknown_entity`, …
   */
  read(
    entityType: string,
    entityId: string,
    names: readonly string[],
    input: ReadInput | undefined,
  ): Promise<Readonly<Record<string, FeatureValue<unknown>>>>
  readonly deadLetters: DeadLetters
  /** One page of the entities whose values match. @throws FabraError, FabraApiError `unknown_entity`, … */
  find(
    entityType: string,
    query: {
      readonly filter: MetadataFilter
      readonly names: readonly string[]
      readonly after: string | undefined
    },
  ): Promise<EntityMatches>
  /** Erases an entity. @throws FabraError, FabraApiError `unknown_entity`, `unknown_index`, … */
  erase(
    entityType: string,
    entityId: string,
    options: { readonly indexes: readonly string[]; readonly timeoutMs: number },
  ): Promise<Erased>
  /** Calls `onNotices` with what workers apply until the signal fires. @throws FabraError, FabraApiError */
  follow(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void>
  lag(group: string): Promise<readonly PartitionLag[]>
}
