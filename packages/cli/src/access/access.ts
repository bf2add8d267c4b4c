import type { FeatureStatus, ReadInput } from "@fabra/core"
import type { AxiomEvent, DeadLetterFilter, FabraError, PartitionLag, ReplayOutcome } from "@fabra/events"
import { type AdapterSettings, adapterSettings } from "../adapters/adapters.js"
import type { Letter, ShownLetter } from "../dead-letters.js"
import type { AppliedFeed } from "../feed/feed.js"
import type { SettingName, Settings } from "../settings/table.js"
import { DirectAccess, type DirectSettings } from "./direct-access.js"
import { HttpAccess } from "./http-access.js"

/** What became of one published event. */
export type Published =
  | { readonly ok: true; readonly eventId: string; readonly duplicate: boolean }
  | { readonly ok: false; readonly eventId: string; readonly error: FabraError }

/** A feature as it is served. */
export interface Reading {
  readonly value: unknown
  readonly status: FeatureStatus
  readonly event_time: string | null
  readonly computed_at: string | null
}

/** The dead letters as commands see them. */
export interface LetterAccess {
  /** A page of those that match, oldest first. */
  list(
    filter: DeadLetterFilter,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly letters: readonly Letter[]; readonly next: string | null }>
  show(id: string): Promise<ShownLetter | undefined>
  /** At most 100 at once. */
  replay(ids: readonly string[]): Promise<readonly Pick<ReplayOutcome, "id" | "status" | "error">[]>
  /** At most 100 at once; resolves to how many were there. */
  discard(ids: readonly string[]): Promise<number>
}

/** The way by which commands reach events and values: through the HTTP API, or directly where they are kept. */
export interface Access extends Pick<AppliedFeed, "follow"> {
  /** For people. */
  readonly where: string
  /** Answers for each event, in order. */
  publish(events: readonly AxiomEvent[]): Promise<readonly Published[]>
  /**
   * Features of one entity by name; all it has when none is named. @param input for those that are computed with the read
   * @throws FabraError `unknown_entity`, …
   */
  read(
    entityType: string,
    entityId: string,
    names: readonly string[],
    input: ReadInput,
  ): Promise<Readonly<Record<string, Reading>>>
  readonly deadLetters: LetterAccess
  lag(group: string): Promise<PartitionLag[]>
  close(): Promise<void>
}

/** The settings that choose the way. */
export const accessSettings = [
  "serverUrl",
  "apiKey",
  "features",
  ...adapterSettings,
] as const satisfies readonly SettingName[]

/** Where `fabra dev` and `fabra serve` are when nothing is said. */
export const LOCAL_SERVER = "http://127.0.0.1:8000"

/** Through the HTTP API that is named; else directly on the Redis that is named; else through the local HTTP API. */
export async function openAccess(
  settings: AdapterSettings & DirectSettings & Settings<"serverUrl" | "apiKey">,
): Promise<Access> {
  const { serverUrl, redisUrl, apiKey } = settings
  if (serverUrl === undefined && redisUrl !== undefined) return DirectAccess.open(settings)
  return new HttpAccess(serverUrl ?? LOCAL_SERVER, apiKey)
}

/** Opens the way, goes it, and closes it. */
export async function withAccess<Result>(
  settings: Parameters<typeof openAccess>[0],
  work: (access: Access) => Promise<Result>,
): Promise<Result> {
  const access = await openAccess(settings)
  try {
    return await work(access)
  } finally {
    await access.close()
  }
}
