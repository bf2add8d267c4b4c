import type { DeadLetter, DeadLetterFilter, ReplayOutcome } from "@fabra/events"
import { FabraApiError } from "./api-error.js"
import type { CallOptions, PageOptions } from "./options.js"
import { type Transport, toQuery } from "./transport.js"

/** A dead letter as it is listed: without the event and the stack of its error, which may be long. */
export type DeadLetterSummary = Omit<DeadLetter, "data">

/** A dead letter whole. */
export interface DeadLetterDetails extends DeadLetterSummary {
  /** As it was published; text, where that is no JSON. */
  readonly event: unknown
}

/** One page of dead letters, oldest first. */
export interface DeadLetterPage {
  readonly entries: readonly DeadLetterSummary[]
  /** Pass as `after` for the next page; `null` at the end. */
  readonly next: string | null
}

/** Events that failed for good. Every call throws FabraApiError, and needs a key of the scope `admin`. */
export interface DeadLetters {
  /** A page of those that match, oldest first. */
  list(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage>
  /** One of them, with its event and the stack of its error; `undefined` when there is none of this id. */
  get(id: string, options?: CallOptions): Promise<DeadLetterDetails | undefined>
  /**
   * Publishes the events again, aimed at the features that failed, and takes them off the queue. Sent 100 at a time: when
   * it throws, some may have been replayed. Asking twice applies an event once.
   */
  replay(ids: readonly string[], options?: CallOptions): Promise<ReplayOutcome[]>
  /** Takes them off the queue for good, 100 at a time; resolves to how many were there. */
  discard(ids: readonly string[], options?: CallOptions): Promise<number>
  /** Replays all that match when it is called, oldest first; without a filter every one. */
  replayAll(filter?: DeadLetterFilter, options?: CallOptions): Promise<ReplayOutcome[]>
  /** Discards all that match when it is called; without a filter every one. Resolves to how many were there. */
  discardAll(filter?: DeadLetterFilter, options?: CallOptions): Promise<number>
}

/** Most ids of one request, and most entries of one page. */
const MAX_IDS = 100
const MAX_PAGE = 1000

/** See {@link DeadLetters}. */
export class HttpDeadLetters implements DeadLetters {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async list(filter: DeadLetterFilter = {}, { after, limit, signal }: PageOptions = {}): Promise<DeadLetterPage> {
    const { eventType, entityId, entityType, since, until, ...same } = filter
    const query = {
      ...same,
      event_type: eventType,
      entity_id: entityId,
      entity: entityType,
      since: since && new Date(since).toISOString(),
      until: until && new Date(until).toISOString(),
      after,
      limit,
    }
    const { dead_letters, next } = await this.#transport.send({ path: `/dead-letters${toQuery(query)}`, signal })
    return { entries: dead_letters.map(fromWire), next }
  }

  async get(id: string, { signal }: CallOptions = {}): Promise<DeadLetterDetails | undefined> {
    try {
      const { event, ...entry } = await this.#transport.send({
        path: `/dead-letters/${encodeURIComponent(id)}`,
        signal,
      })
      return { ...fromWire(entry), event }
    } catch (error) {
      if (error instanceof FabraApiError && error.code === "not_found") return undefined
      throw error
    }
  }

  async replay(ids: readonly string[], options: CallOptions = {}): Promise<ReplayOutcome[]> {
    const answers = await this.#sendIds("/dead-letters/replay", ids, options)
    return answers
      .flatMap(({ results }) => results)
      .map(({ id, status, error }) => (error === undefined ? { id, status } : { id, status, error: new Error(error) }))
  }

  async discard(ids: readonly string[], options: CallOptions = {}): Promise<number> {
    const answers = await this.#sendIds("/dead-letters/discard", ids, options)
    return answers.reduce((sum, { discarded }) => sum + discarded, 0)
  }

  async replayAll(filter?: DeadLetterFilter, options?: CallOptions): Promise<ReplayOutcome[]> {
    return this.replay(await this.#idsOf(filter, options), options)
  }

  async discardAll(filter?: DeadLetterFilter, options?: CallOptions): Promise<number> {
    return this.discard(await this.#idsOf(filter, options), options)
  }

  /** All ids before the first one is touched: a queue that fills up again must not be an endless one. */
  async #idsOf(filter: DeadLetterFilter | undefined, options: CallOptions | undefined): Promise<string[]> {
    const ids: string[] = []
    for (let after: string | null | undefined; after !== null; ) {
      const page: DeadLetterPage = await this.list(filter, { ...options, after, limit: MAX_PAGE })
      for (const { id } of page.entries) ids.push(id)
      after = page.next
    }
    return ids
  }

  async #sendIds(path: string, ids: readonly string[], { signal }: CallOptions): Promise<any[]> {
    const answers: any[] = []
    for (let from = 0; from < ids.length; from += MAX_IDS) {
      const body = JSON.stringify({ ids: ids.slice(from, from + MAX_IDS) })
      answers.push(await this.#transport.send({ path, body, signal }))
    }
    return answers
  }
}

function fromWire(entry: any): DeadLetterSummary {
  const { event_id, event_type, entity_id, entity, first_failed_at, last_failed_at, ...same } = entry
  return {
    ...same,
    eventId: event_id ?? undefined,
    eventType: event_type ?? undefined,
    entityId: entity_id ?? undefined,
    entityType: entity ?? undefined,
    firstFailedAt: Date.parse(first_failed_at),
    lastFailedAt: Date.parse(last_failed_at),
  }
}
