import type { EntityKey, EntityRecord, FeatureCache } from "@fabra/core"
import { newToken } from "@fabra/core"

/** Names no user can give, so that it is neither an entity nor a group of theirs. */
const ENTITY_TYPE = "~schedule"
const GROUP = "~schedule"

/** A run that is over. */
export interface FinishedRun {
  /** Its turn of the schedule; this and the other times are epoch milliseconds. */
  readonly scheduledFor: number
  readonly startedAt: number
  readonly finishedAt: number
  /** Entities that were gone through, and those of them that could not be computed. */
  readonly entities: number
  readonly failed: number
  /** What the last of these failed with, or why the run ended early. */
  readonly error: string | null
  /** It went through all entities, whatever came of each. */
  readonly complete: boolean
  /** What asked for it, where that was not the schedule alone; see {@link ScheduleBook.request}. */
  readonly request: string | null
}

/** A run under way, as far as it has come. */
export interface OpenRun extends Omit<FinishedRun, "finishedAt" | "scheduledFor" | "complete"> {
  /** The worker that does it; `null` when one has stopped and the next may go on. */
  readonly owner: string | null
  /** Where the next page of entities begins; `null` at the beginning. */
  readonly cursor: string | null
}

/** What is known of one feature's schedule. */
export interface ScheduleState {
  /** The turn that is being computed, or was last; `null` before the first. */
  readonly turn: number | null
  readonly run: OpenRun | null
  /** The last 20 runs, newest first. */
  readonly history: readonly FinishedRun[]
  /** The last request that a run has begun for. */
  readonly answered: string | null
}

/** A state, and the version of it that was read. */
export interface Entry {
  readonly state: ScheduleState
  /** New with every write, whatever it writes. */
  readonly token: string | null
  /** The last that was asked for beside the schedule, answered or not. */
  readonly request: string | null
}

const NEW: ScheduleState = { turn: null, run: null, history: [], answered: null }

/**
 * The schedules of all features, each in a record of the cache, changed by compare-and-set only: of two workers that want
 * the same turn one gets it, and one that has lost its run learns so with its next word.
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
      const { state, token } = records[i] as EntityRecord
      return {
        state: state === null ? NEW : (JSON.parse(state) as ScheduleState),
        token,
        request: records[features.length + i]?.state ?? null,
      }
    })
  }

  /**
   * Asks for a run beside those of the schedule: of the last turn once more, as soon as none is under way. Who asks while
   * another waits gets that one's run.
   * @returns what the run has as its `request` @throws FabraError `cache_unavailable`
   */
  async request(feature: string): Promise<string> {
    const key = requestKeyOf(feature)
    const mine = newToken()
    for (;;) {
      const { state, request } = await this.read(feature)
      if (request === mine || (request !== null && request !== state.answered)) return request
      // Beside the state, whose owner would take a change of it for the loss of its run.
      const [record] = await this.#cache.load([key], GROUP)
      if (record?.state !== request) continue
      const change = { key, group: GROUP, baseToken: record.token, token: newToken(), state: mine }
      await this.#cache.commit([{ ...change, values: new Map(), addFlags: [], removeFlags: [] }])
    }
  }

  /** Writes if nobody has since; `undefined` when somebody has. @throws FabraError `cache_unavailable` */
  async write(feature: string, base: Entry, state: ScheduleState): Promise<Entry | undefined> {
    const [result] = await this.#cache.commit([
      {
        ...{ key: keyOf(feature), group: GROUP, baseToken: base.token, token: newToken() },
        ...{ state: JSON.stringify(state), values: new Map(), addFlags: [], removeFlags: [] },
      },
    ])
    if (result?.status === "applied") return { ...base, state, token: result.token }
    if (result?.status === "conflict") return undefined
    // Nobody can tell: it is ours if it is there.
    const found = await this.read(feature)
    return JSON.stringify(found.state) === JSON.stringify(state) ? found : undefined
  }
}

/** No feature's name has such a sign. */
function requestKeyOf(feature: string): EntityKey {
  return { entityType: ENTITY_TYPE, entityId: `~${feature}` }
}

function keyOf(feature: string): EntityKey {
  return { entityType: ENTITY_TYPE, entityId: feature }
}
