import type { EntityValue, OfflineStore } from "@fabra/core"
import type { ScheduledHandler } from "@fabra/core/adapter"
import { type Clock, FabraError } from "@fabra/events"
import { checkEntityId, sleep } from "@fabra/events/adapter"
import type { QueriedValues } from "./scheduled-batch.js"

/** What {@link QueryPages} works with. */
export interface QueryEnvironment {
  readonly offline: OfflineStore
  readonly clock: Clock
  readonly limit: number
  /** Fires when the run is abandoned. */
  readonly signal: AbortSignal
  retryDelay(attempts: number): number
}

interface Opened {
  readonly pages: AsyncIterator<readonly EntityValue[]>
  readonly at: number
}

/** The values of a feature that is SQL, page by page. The query runs once, or again from where it stood when it failed. */
export class QueryPages {
  readonly #handler: ScheduledHandler
  readonly #env: QueryEnvironment
  #opened: Opened | undefined
  #attempts = 0

  constructor(handler: ScheduledHandler, env: QueryEnvironment) {
    this.#handler = handler
    this.#env = env
  }

  /** The page after an id; `next` is `null` at the end. @throws FabraError as {@link OfflineStore}; `query_failed` */
  async after(cursor: string | null): Promise<QueriedValues & { readonly next: string | null }> {
    const { limit, signal, clock, retryDelay } = this.#env
    for (;;) {
      try {
        this.#opened ??= this.#open(cursor)
        const { pages, at } = this.#opened
        const { value: rows = [] } = (await pages.next()) as { value?: readonly EntityValue[] }
        const values = this.#check(rows, cursor)
        this.#attempts = 0
        const next = rows.length < limit ? null : (rows.at(-1) as EntityValue).entityId
        return { values, computedAt: at, next }
      } catch (cause) {
        await this.close()
        const error = FabraError.from(cause)
        if (error.code === "query_failed" || signal.aborted || ++this.#attempts > this.#handler.feature.maxRetries) {
          throw error
        }
        await sleep(clock, retryDelay(this.#attempts), signal)
      }
    }
  }

  /** Gives the connection back. */
  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    await opened?.pages.return?.().catch(() => {})
  }

  #open(cursor: string | null): Opened {
    const { offline, limit, signal, clock } = this.#env
    const { sql, feature } = this.#handler
    const from = cursor === null ? {} : { after: cursor }
    const pages = offline.entityValues(sql as string, { ...from, limit, timeoutMs: feature.timeoutMs, signal })
    return { pages: pages[Symbol.asyncIterator](), at: clock.now() }
  }

  #check(rows: readonly EntityValue[], last: string | null): Map<string, unknown> {
    const values = new Map<string, unknown>()
    const refuse = (why: string) =>
      new FabraError("query_failed", `The query of "${this.#handler.feature.name}" ${why}`)
    for (const { entityId, value } of rows) {
      if (values.has(entityId) || entityId === last) {
        throw refuse(`yields the entity_id "${entityId}" twice: each may have one row (group by, or distinct on).`)
      }
      try {
        checkEntityId(entityId, "entity_id")
      } catch (error) {
        throw refuse(`yields what is no id: ${FabraError.from(error).message}`)
      }
      values.set(entityId, value)
    }
    return values
  }
}
