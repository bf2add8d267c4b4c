import { isReply } from "@fabra/redis-transport"
import type { Redis } from "ioredis"

/** What Redis knows of one consumer group of one stream. */
export interface GroupInfo {
  /** Stream id up to which the group has settled; `0-0`: nothing. */
  readonly lastDeliveredId: string
  /** How many entries that were, counted from the stream's first one ever; `null` when Redis does not know. */
  readonly entriesRead: number | null
  /** How many entries are still to come; `null` when Redis does not know. */
  readonly lag: number | null
}

/** What Redis knows of one stream. */
export interface StreamInfo {
  readonly length: number
  readonly lastGeneratedId: string
  /** How many entries were ever added; `null` before Redis 7. */
  readonly entriesAdded: number | null
}

/** The group, or `undefined` when it, or the whole stream, does not exist. */
export async function groupInfo(redis: Redis, stream: string, group: string): Promise<GroupInfo | undefined> {
  const fields = (await groupsOf(redis, stream)).find((candidate) => candidate.get("name") === group)
  return (
    fields && {
      lastDeliveredId: String(fields.get("last-delivered-id")),
      entriesRead: numberOrNull(fields.get("entries-read")),
      lag: numberOrNull(fields.get("lag")),
    }
  )
}

/** The groups of a stream; none when it does not exist. */
export async function groupNamesIn(redis: Redis, stream: string): Promise<string[]> {
  return (await groupsOf(redis, stream)).map((fields) => String(fields.get("name")))
}

async function groupsOf(redis: Redis, stream: string): Promise<Map<unknown, unknown>[]> {
  const groups = await unlessMissing(redis.xinfo("GROUPS", stream) as Promise<unknown[][]>)
  return (groups ?? []).map(fieldsOf)
}

/** The stream, or `undefined` when it does not exist. */
export async function streamInfo(redis: Redis, stream: string): Promise<StreamInfo | undefined> {
  const answer = await unlessMissing(redis.xinfo("STREAM", stream) as Promise<unknown[]>)
  if (answer === undefined) return undefined
  const fields = fieldsOf(answer)
  return {
    length: Number(fields.get("length")),
    lastGeneratedId: String(fields.get("last-generated-id")),
    entriesAdded: numberOrNull(fields.get("entries-added")),
  }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isReply(error, "ERR") && /no such key/i.test(String(error))) return undefined
    throw error
  }
}

function fieldsOf(flat: readonly unknown[]): Map<unknown, unknown> {
  const fields = new Map<unknown, unknown>()
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i], flat[i + 1])
  return fields
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null
}
