import type { AppliedNotices, AppliedFeed as WatchedFeed } from "@fabra/server"

export type { AppliedNotice, AppliedNotices } from "@fabra/server"

/**
 * Carries what workers have applied to whoever watches at the moment, and keeps none of it.
 *
 * Workers tell it, because only they know when an event is applied. A consumer group that follows the log would see what
 * was accepted instead, and one left behind by a watcher that was killed would hold back the trimming of the log for ever.
 */
export interface AppliedFeed extends WatchedFeed {
  /** Tells all who watch; resolves to how many there are. */
  publish(notices: AppliedNotices): Promise<number>
}
