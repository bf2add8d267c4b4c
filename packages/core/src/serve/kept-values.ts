import type { Clock } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import type { CommitResult, EntityKey, EntityRecord, FeatureCache, StoredValue } from "../cache/cache.js"
import { newToken } from "../cache/token.js"
import type { ReadHandler } from "../feature/computed-feature.js"

/** Whose records these are, beside those of worker groups; no group of a user can have the name. */
const GROUP = "~reads"
const STORE_TRIES = 5
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 200

/** Until when somebody computes a feature, epoch milliseconds, by its name. */
type Claims = Readonly<Record<string, number>>

/**
 * Computes values that are kept for a while, once for all who ask: within this process they share one promise, across
 * processes whoever finds the value too old puts a claim into the entity's record, by compare-and-set, and the others wait
 * for the value. A claim ends with its time-out, so one whose owner died holds up nobody for longer.
 */
export class KeptValues {
  readonly #cache: FeatureCache
  readonly #clock: Clock
  readonly #flights = new Map<string, Promise<StoredValue | undefined>>()

  constructor(cache: FeatureCache, clock: Clock) {
    this.#cache = cache
    this.#clock = clock
  }

  isFresh({ refreshMs }: ReadHandler, stored: StoredValue | undefined): stored is StoredValue {
    return stored !== undefined && this.#clock.now() - stored.computedAt < (refreshMs ?? 0)
  }

  /** A fresh value of the feature; `undefined` when there is none. @throws what `compute` or the cache does */
  refresh(
    handler: ReadHandler,
    key: EntityKey,
    compute: () => Promise<string | undefined>,
  ): Promise<StoredValue | undefined> {
    const id = `${handler.feature.name}/${key.entityId}`
    let flight = this.#flights.get(id)
    if (flight === undefined) {
      flight = this.#refresh(handler, key, compute).finally(() => this.#flights.delete(id))
      this.#flights.set(id, flight)
    }
    return flight
  }

  async #refresh(
    handler: ReadHandler,
    key: EntityKey,
    compute: () => Promise<string | undefined>,
  ): Promise<StoredValue | undefined> {
    const { name, timeoutMs } = handler.feature
    const patienceUntil = this.#clock.now() + timeoutMs
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const record = await this.#load(key)
      const stored = record.values.get(name)
      if (this.isFresh(handler, stored)) return stored
      const now = this.#clock.now()
      const claimedUntil = claimsOf(record, now)[name]
      if (claimedUntil === undefined || now >= patienceUntil) {
        const claimed = await this.#commit(record, record.version, { [name]: now + timeoutMs })
        if (claimed.status !== "conflict") {
          return this.#computeAndStore(handler, record, claimed, compute)
        }
      } else {
        await sleep(this.#clock, pause)
      }
    }
  }

  async #computeAndStore(
    handler: ReadHandler,
    record: EntityRecord,
    claimed: CommitResult,
    compute: () => Promise<string | undefined>,
  ): Promise<StoredValue | undefined> {
    const { name } = handler.feature
    let value: StoredValue | undefined
    try {
      const text = await compute()
      if (text !== undefined) value = { text, eventTime: null, computedAt: this.#clock.now() }
      return value
    } finally {
      // Also when it has failed: the claim goes, so that the next who asks need not wait.
      if (claimed.status === "applied") await this.#store(record, claimed.version, name, value).catch(() => {})
    }
  }

  /** Keeps a value and drops the claim. A value that cannot be kept is computed again by the next who asks. */
  async #store(
    record: EntityRecord,
    claimVersion: string,
    name: string,
    value: StoredValue | undefined,
  ): Promise<void> {
    let [base, version]: [EntityRecord, string | null] = [record, claimVersion]
    for (let attempt = 0; attempt < STORE_TRIES; attempt++) {
      const result = await this.#commit(base, version, { [name]: undefined }, value && [name, value])
      if (result.status !== "conflict") return
      base = await this.#load(record.key)
      version = base.version
      const there = base.values.get(name)
      if (there !== undefined && value !== undefined && there.computedAt >= value.computedAt) return
    }
  }

  async #load(key: EntityKey): Promise<EntityRecord> {
    const [record] = await this.#cache.load([key], GROUP)
    return record as EntityRecord
  }

  async #commit(
    record: EntityRecord,
    baseVersion: string | null,
    claim: Readonly<Record<string, number | undefined>>,
    value?: readonly [string, StoredValue],
  ): Promise<CommitResult> {
    const [result] = await this.#cache.commit([
      {
        key: record.key,
        group: GROUP,
        baseVersion,
        token: newToken(),
        state: JSON.stringify({ ...claimsOf(record, this.#clock.now()), ...claim }),
        values: new Map(value === undefined ? [] : [value]),
      },
    ])
    return result as CommitResult
  }
}

/** The claims that have not run out. */
function claimsOf({ state }: EntityRecord, now: number): Claims {
  if (state === null) return {}
  return Object.fromEntries(Object.entries(JSON.parse(state) as Claims).filter(([, until]) => until > now))
}
