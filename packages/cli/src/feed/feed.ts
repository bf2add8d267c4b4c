/** An event that a worker has applied, as those who watch see it. */
export interface AppliedNotice {
  readonly event_type: string
  readonly entity: string
  readonly entity_id: string
  readonly event_id: string
  /** The features it changed, with the values they had soon after. */
  readonly features: Readonly<Record<string, unknown>>
  readonly attempts: number
  readonly duration_ms: number
}

/** Some events applied in one worker, in their order there. */
export interface AppliedNotices {
  readonly applied: readonly AppliedNotice[]
  /** How many more there were than are told. */
  readonly skipped: number
}

/**
 * Carries what workers have applied to whoever watches at the moment, and keeps none of it.
 *
 * Workers tell it, because only they know when an event is applied. A consumer group that follows the log would see what
 * was accepted instead, and one left behind by a watcher that was killed would hold back the trimming of the log for ever.
 */
export interface AppliedFeed {
  /** Tells all who watch; resolves to how many there are. */
  publish(notices: AppliedNotices): Promise<number>
  /** Calls `onNotices` until the signal fires. @throws FabraError `bus_unavailable` */
  follow(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void>
}
