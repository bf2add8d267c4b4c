import type { AppliedFeed, AppliedNotices } from "./feed.js"

/** The feed within one process. */
export class MemoryFeed implements AppliedFeed {
  readonly #watchers = new Set<(notices: AppliedNotices) => void>()

  async publish(notices: AppliedNotices): Promise<number> {
    if (notices.applied.length + notices.skipped > 0) for (const tell of this.#watchers) tell(notices)
    return this.#watchers.size
  }

  async subscribe(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void> {
    this.#watchers.add(onNotices)
    signal.addEventListener("abort", () => this.#watchers.delete(onNotices), { once: true })
  }
}
