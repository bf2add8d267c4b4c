import type { FeatureCache } from "@fabra/core"
import type { EntityKey, EntityRecord } from "@fabra/core/adapter"
import { newToken } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"

/** No user can give these names, so they match no entity type and no group. */
const ENTITY_TYPE = "~schedule"
const GROUP = "~schedule"

/** A run on schedule that is over. */
export interface ScheduleRun {
  /** The occurrence in the schedule; this and the other times are epoch milliseconds. */
  readonly scheduledFor: number
  readonly startedAt: number
  readonly finishedAt: number
  /** How many entities were visited, and how many of them could not be computed. */
  readonly entities: number
  readonly failed: number
  /** What the last of those failed with, or why the run ended early. */
  readonly error: string | null
  /** It visited all entities, whether or not each could be computed. */
  readonly complete: boolean
  /** The request that it answers; `null`: none, only the schedule. See {@link ScheduleBook.request}. */
  readonly request: string | null
}

/** A run on schedule under way, as far as it has come. */
export interface OpenScheduleRun extends Omit<ScheduleRun, "finishedAt" | "scheduledFor" | "complete"> {
  /** The worker that does it; `null` when one has stopped and the next may continue. */
  readonly owner: string | null
  /** Where the next page of entities begins; `null` at the start. */
  readonly cursor: string | null
}

/** State of one feature's schedule, as its record keeps it. */
export interface ScheduleState {
  /** The occurrence that is being computed, or was last, in epoch milliseconds; `null` before the first. */
  readonly turn: number | null
  readonly run: OpenScheduleRun | null
  /** The last 20 runs, newest first. */
  readonly history: readonly ScheduleRun[]
  /** The last request that a run has begun for. */
  readonly answered: string | null
}

/** A state, and the version of it that was read. */
export interface Entry {
  readonly state: ScheduleState
  /** New with every write, whatever it writes. */
  readonly version: string | null
  /** The last request beside the schedule, answered or not. */
  readonly request: string | null
}

const NEW: ScheduleState = { turn: null, run: null, history: [], answered: null }

/**
 * The schedules of all features, each in a record of the cache, changed by compare-and-set only: of two workers that want
 * the same occurrence one gets it, and a worker that has lost its run learns it with its next write.
 */
export class ScheduleBook {
  readonly #cache: FeatureCache

  constructor(cache: FeatureCache) {
    this.#cache = cache
  }

  /** @throws FabraError `cache_unavailable` */
  async read(feature: string): Promise<Entry> {
    return (await this.readAll([feature]))[0] as Entry
  }

  /** As {@link read}, for several in one call of the cache. */
  async readAll(features: readonly string[]): Promise<Entry[]> {
    const records = await this.#cache.load([...features.map(keyOf), ...features.map(requestKeyOf)], GROUP)
    return features.map((_, i) => {
      const { state, version } = records[i] as EntityRecord
      return {
        state: state === null ? NEW : (JSON.parse(state) as ScheduleState),
        version,
        request: records[features.length + i]?.state ?? null,
      }
    })
  }

  /**
   * Requests a run beside those of the schedule: of the last occurrence once more, as soon as none is under way. A caller
   * that asks while another request waits shares its run.
   * @returns the `request` of the run @throws FabraError `cache_unavailable`
   */
  async request(feature: string): Promise<string> {
    const key = requestKeyOf(feature)
    const mine = newToken()
    for (;;) {
      const { state, request } = await this.read(feature)
      if (request === mine || (request !== null && request !== state.answered)) return request
      // In a record of its own: the owner of a run would take a changed state for the loss of its run.
      const [record] = await this.#cache.load([key], GROUP)
      if (record?.state !== request) continue
      const change = { key, group: GROUP, baseVersion: record.version, token: newToken(), state: mine }
      await this.#cache.commit([change])
    }
  }

  /** Writes unless the entry has changed since; `undefined` when it has. @throws FabraError `cache_unavailable` */
  async write(feature: string, base: Entry, state: ScheduleState): Promise<Entry | undefined> {
    const change = {
      key: keyOf(feature),
      group: GROUP,
      baseVersion: base.version,
      token: newToken(),
      state: JSON.stringify(state),
    }
    const [result] = await this.#cache.commit([change])
    if (result?.status === "applied") return { ...base, state, version: result.version }
    if (result?.status === "conflict") return undefined
    // The outcome is unknown: the write has succeeded if it is there.
    const found = await this.read(feature)
    if (found.version === base.version) {
      throw new FabraError("cache_unavailable", `The cache did not take the state of the schedule of ${feature}.`)
    }
    return JSON.stringify(found.state) === JSON.stringify(state) ? found : undefined
  }
}

/** No feature's name begins with a `~`. */
function requestKeyOf(feature: string): EntityKey {
  return { entityType: ENTITY_TYPE, entityId: `~${feature}` }
}

function keyOf(feature: string): EntityKey {
  return { entityType: ENTITY_TYPE, entityId: feature }
}
