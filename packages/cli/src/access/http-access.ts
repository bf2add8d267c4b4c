import {
  type AppliedNotice as ClientNotice,
  createClient,
  type EraseOptions,
  type FabraApiError,
  type FabraClient,
} from "@fabra/client"
import type { ReadInput } from "@fabra/core"
import type { AxiomEvent } from "@fabra/events"
import type { AppliedNotice, AppliedNotices } from "../feed/feed.js"
import { showAddress } from "../settings/show-address.js"
import type { Settings } from "../settings/table.js"
import type { Access, Published } from "./access.js"

/** Where `fabra dev` and `fabra serve` are when nothing is said. */
const LOCAL_SERVER = "http://127.0.0.1:8000"
const PATIENCE_MS = 30_000

/** A client of the HTTP API that the settings name. */
export function openClient({ serverUrl: url = LOCAL_SERVER, apiKey }: Settings<"serverUrl" | "apiKey">): FabraClient {
  return createClient({ url, apiKey, timeoutMs: PATIENCE_MS })
}

/** Reaches a `fabra dev` or `fabra serve` over HTTP. */
export class HttpAccess implements Access {
  readonly where: string
  readonly #client: FabraClient

  constructor(settings: Settings<"serverUrl" | "apiKey">) {
    this.#client = openClient(settings)
    this.where = showAddress(settings.serverUrl ?? LOCAL_SERVER)
  }

  get deadLetters() {
    return this.#client.deadLetters
  }

  async publish(events: readonly AxiomEvent[]): Promise<readonly Published[]> {
    const [event] = events
    if (event === undefined || events.length > 1) return this.#client.ingestMany(events)
    try {
      return [{ ok: true, ...(await this.#client.ingest(event.eventType, event)) }]
    } catch (error) {
      return [{ ok: false, eventId: event.eventId, error: error as FabraApiError }]
    }
  }

  read(entityType: string, entityId: string, names: readonly string[], input: ReadInput | undefined) {
    return this.#client.getEntity(entityType, entityId, { names: names.length === 0 ? undefined : names, input })
  }

  find(entityType: string, query: Parameters<Access["find"]>[1]) {
    const { names } = query
    return this.#client.findEntities(entityType, { ...query, names: names.length === 0 ? undefined : names })
  }

  erase(entityType: string, entityId: string, options: EraseOptions) {
    return this.#client.eraseEntity(entityType, entityId, options)
  }

  async lag(group: string) {
    return (await this.#client.lag(group)).partitions
  }

  async follow(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal): Promise<void> {
    for await (const { applied, skipped } of this.#client.watch({ signal })) {
      onNotices({ applied: applied.map(toNotice), skipped })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function toNotice({ eventType, entityType, entityId, eventId, durationMs, ...same }: ClientNotice): AppliedNotice {
  return {
    event_type: eventType,
    entity: entityType,
    entity_id: entityId,
    event_id: eventId,
    ...same,
    duration_ms: durationMs,
  }
}
