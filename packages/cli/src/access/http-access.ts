import type { ReadInput } from "@fabra/core"
import { type AxiomEvent, encodeEvent, FabraError, type PartitionLag } from "@fabra/events"
import type { Letter, ShownLetter } from "../dead-letters.js"
import type { AppliedNotices } from "../feed/feed.js"
import { lines } from "../lines.js"
import type { Access, LetterAccess, Published, Reading } from "./access.js"
import { HttpClient, type ProblemBody, toFabraError } from "./http-client.js"

/** Reaches a `fabra dev` or `fabra serve` over HTTP. */
export class HttpAccess implements Access {
  readonly where: string
  readonly deadLetters: LetterAccess
  readonly #client: HttpClient

  constructor(url: string, apiKey: string | undefined) {
    this.#client = new HttpClient(url, apiKey)
    this.where = this.#client.url
    this.deadLetters = letterAccess(this.#client)
  }

  async publish(events: readonly AxiomEvent[]): Promise<readonly Published[]> {
    const [only] = events
    return events.length === 1 && only !== undefined ? [await this.#publishOne(only)] : this.#publishMany(events)
  }

  async #publishOne(event: AxiomEvent): Promise<Published> {
    const { eventId } = event
    const path = `/ingest/${encodeURIComponent(event.eventType)}`
    try {
      const body = encodeEvent(event)
      const { duplicate } = await this.#client.call<{ duplicate: boolean }>(path, body)
      return { ok: true, eventId, duplicate }
    } catch (error) {
      return { ok: false, eventId, error: FabraError.from(error) }
    }
  }

  /** In lines of JSON, which know no limit but that of one event. */
  async #publishMany(events: readonly AxiomEvent[]): Promise<Published[]> {
    const body = events.map((event) => `${encodeEvent(event, Number.POSITIVE_INFINITY)}\n`).join("")
    let rest = new FabraError("publish_unknown", "The connection ended before there was an answer.")
    const answers = new Map<number, LineBody>()
    try {
      const { body: answer } = await this.#client.send("/ingest", body, "application/x-ndjson")
      for await (const line of lines(answer)) {
        const result = JSON.parse(line) as LineBody
        if (result.line !== undefined) answers.set(result.line, result)
        else if (result.done === false) rest = toFabraError(result)
      }
    } catch (error) {
      rest = FabraError.from(error, "publish_unknown")
    }
    return events.map(({ eventId }, i) => {
      const answer = answers.get(i + 1)
      if (answer?.status === 202) return { ok: true, eventId, duplicate: answer.duplicate }
      return { ok: false, eventId, error: answer === undefined ? rest : toFabraError(answer) }
    })
  }

  async read(
    entity: string,
    id: string,
    names: readonly string[],
    input: ReadInput,
  ): Promise<Readonly<Record<string, Reading>>> {
    const query = new URLSearchParams()
    if (names.length > 0) query.set("names", names.join(","))
    if (Object.keys(input).length > 0) query.set("input", JSON.stringify(input))
    const path = `/features/${encodeURIComponent(entity)}/${encodeURIComponent(id)}${query.size === 0 ? "" : `?${query}`}`
    return (await this.#client.call<{ features: Record<string, Reading> }>(path)).features
  }

  async lag(group: string): Promise<PartitionLag[]> {
    const { partitions } = await this.#client.call<{ partitions: LagBody[] }>(`/lag?group=${encodeURIComponent(group)}`)
    return partitions.map(({ oldest_age_ms, ...rest }) => ({ ...rest, oldestAgeMs: oldest_age_ms }))
  }

  async follow(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void> {
    try {
      const { body } = await this.#client.open("/watch", { signal })
      for await (const line of lines(body)) onNotices(JSON.parse(line) as AppliedNotices)
      throw new FabraError("bus_unavailable", `${this.where} has ended the connection.`)
    } catch (error) {
      if (!signal.aborted) throw FabraError.from(error, "bus_unavailable")
    }
  }

  async close(): Promise<void> {}
}

/** A line of the answer to many events; the last has no number, and tells whether all were tried. */
interface LineBody extends ProblemBody {
  readonly line?: number
  readonly status: number
  readonly duplicate: boolean
  readonly done?: boolean
}

interface LagBody extends Omit<PartitionLag, "oldestAgeMs"> {
  readonly oldest_age_ms: number | null
}

function letterAccess(client: HttpClient): LetterAccess {
  const post = <Body>(path: string, ids: readonly string[]) => client.call<Body>(path, JSON.stringify({ ids }))
  return {
    async list({ eventType, entityId, feature, reason }, page) {
      const query = {
        event_type: eventType,
        entity_id: entityId,
        feature,
        reason,
        after: page.after,
        limit: page.limit,
      }
      const given = Object.entries(query).filter(([, value]) => value !== undefined)
      const path = `/dead-letters?${new URLSearchParams(Object.fromEntries(given) as Record<string, string>)}`
      const { dead_letters, next } = await client.call<{ dead_letters: Letter[]; next: string | null }>(path)
      return { letters: dead_letters, next }
    },
    async show(id) {
      try {
        return await client.call<ShownLetter>(`/dead-letters/${encodeURIComponent(id)}`)
      } catch (error) {
        if (FabraError.from(error).code === "not_found") return undefined
        throw error
      }
    },
    async replay(ids) {
      type Result = {
        readonly id: string
        readonly status: "replayed" | "not_found" | "failed"
        readonly error?: string
      }
      const { results } = await post<{ results: Result[] }>("/dead-letters/replay", ids)
      return results.map(({ id, status, error }) => ({
        ...{ id, status },
        ...(error === undefined ? {} : { error: new FabraError("internal", error) }),
      }))
    },
    discard: async (ids) => (await post<{ discarded: number }>("/dead-letters/discard", ids)).discarded,
  }
}
