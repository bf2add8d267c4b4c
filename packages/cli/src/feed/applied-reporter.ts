import type { Feature, FeatureStore, Telemetry } from "@fabra/core"
import type { AppliedEvent } from "@fabra/core/adapter"
import { toJson } from "../terminal/output.js"
import type { AppliedFeed, AppliedNotice } from "./feed.js"

const WATCHED_MS = 50
const UNWATCHED_MS = 1_000
/** More than this in one round nobody can read. */
const MAX_NOTICES = 100
/** Most characters of JSON in one round: every server where somebody watches reads all of it. */
const MAX_CHARS = 256 * 1024

/** Tells a feed what a worker applies, in small portions, and costs next to nothing while nobody watches. */
export class AppliedReporter implements Telemetry {
  readonly #feed: AppliedFeed
  readonly #store: FeatureStore
  readonly #since: number
  #pending: AppliedEvent[] = []
  #skipped = 0
  #isWatched = false
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  /** @param since tells nothing of events accepted before, in epoch milliseconds by the clock of this process */
  constructor(feed: AppliedFeed, store: FeatureStore, since = 0) {
    this.#feed = feed
    this.#since = since
    this.#store = store
    this.#schedule(0)
  }

  eventApplied(applied: AppliedEvent): void {
    if (!this.#isWatched || applied.repeated || Date.now() - applied.freshnessMs < this.#since) return
    if (this.#pending.length < MAX_NOTICES) this.#pending.push(applied)
    else this.#skipped++
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #schedule(ms: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => this.#tell(), ms)
    this.#timer.unref()
  }

  async #tell(): Promise<void> {
    const [pending, skipped] = [this.#pending, this.#skipped]
    this.#pending = []
    this.#skipped = 0
    try {
      const applied = pending.length === 0 ? [] : thatFit(await this.#withValues(pending))
      const left = skipped + pending.length - applied.length
      this.#isWatched = (await this.#feed.publish({ applied, skipped: left })) > 0
    } catch {
      this.#isWatched = false // clients that watch are not owed what an outage swallows
    }
    this.#schedule(this.#isWatched ? WATCHED_MS : UNWATCHED_MS)
  }

  /** Reads the values of all that changed, in one round trip for each type of entity. */
  async #withValues(pending: readonly AppliedEvent[]): Promise<AppliedNotice[]> {
    const values = new Map<string, Record<string, unknown>>()
    for (const type of new Set(pending.map(({ entityType }) => entityType))) {
      const events = pending.filter(({ entityType }) => entityType === type)
      const features = this.#known(events)
      if (features.length === 0) continue
      const ids = [...new Set(events.map(({ entityId }) => entityId))]
      for (const row of await this.#store.getFeatures(features, ids)) {
        const all = Object.entries(row.features).map(([name, { value }]) => [name, value])
        values.set(`${type}/${row.entityId}`, Object.fromEntries(all))
      }
    }
    return pending.map((one) => toNotice(one, values.get(`${one.entityType}/${one.entityId}`) ?? {}))
  }

  #known(events: readonly AppliedEvent[]): Feature[] {
    const names = new Set(events.flatMap(({ featuresUpdated }) => featuresUpdated))
    return [...names].flatMap((name) => this.#store.registry.features.get(name) ?? [])
  }
}

/** The notices for which one round has room. One that alone is too large is left out. */
function thatFit(notices: readonly AppliedNotice[]): AppliedNotice[] {
  let room = MAX_CHARS
  return notices.filter((notice) => {
    const { length } = toJson(notice)
    if (length > room) return false
    room -= length
    return true
  })
}

function toNotice(applied: AppliedEvent, values: Record<string, unknown>): AppliedNotice {
  const { event, entityType, entityId, featuresUpdated, attempts, durationMs } = applied
  return {
    event_type: event.eventType,
    entity: entityType,
    entity_id: entityId,
    event_id: event.eventId,
    features: Object.fromEntries(featuresUpdated.filter((name) => name in values).map((name) => [name, values[name]])),
    attempts,
    duration_ms: durationMs,
  }
}
