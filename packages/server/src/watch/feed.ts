/** An event that a worker has applied, as those who watch see it. */
export interface AppliedNotice {
  readonly event_type: string
  readonly entity: string
  readonly entity_id: string
  readonly event_id: string
  /** The features it changed, with the values they had soon after. */
  readonly features: Readonly<Record<string, unknown>>
  /** How often its handlers ran. */
  readonly attempts: number
  readonly duration_ms: number
}

/** Some events applied in one worker, in their order there. */
export interface AppliedNotices {
  readonly applied: readonly AppliedNotice[]
  /** How many more events were applied than are listed. */
  readonly skipped: number
}

/** Where the server learns what workers apply. */
export interface AppliedFeed {
  /**
   * Calls `onNotices` with what workers apply from now on. Resolves when the subscription stands; it then outlives lost
   * connections, and ends when the signal fires. Nothing is kept: what an outage swallows is gone.
   * @throws FabraError `bus_unavailable`
   */
  subscribe(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void>
}
