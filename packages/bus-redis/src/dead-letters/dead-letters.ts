import { createHash } from "node:crypto"
import {
  type AxiomEvent,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterQueue,
  FabraError,
  type PublishResult,
  type ReplayOutcome,
} from "@fabra/events"
import { deadLetterKey, discardEvent, matchesFilter, type NewDeadLetter, replayEvent } from "@fabra/events/adapter"
import { replicasOf, Script, serverInfo } from "@fabra/redis-transport"
import type { Keys } from "../keyspace/keys.js"
import { timeOf, toPosition, toStreamId } from "../keyspace/positions.js"
import type { StreamEntry } from "../read/records.js"
import type { ReplicaWatch } from "../read/replica-watch.js"
import { waitForReplica } from "../read/replicas.js"
import type { Link } from "../transport/link.js"
import { fromEntry, toFields } from "./dead-letter-fields.js"

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000
/** How long a dead letter is recognised when it is added again. */
const SEEN_MS = 7 * 24 * 3_600_000
const APPEND_AT_ONCE = 50
const SCAN_AT_ONCE = 100
const REPLAY_AT_ONCE = 100

/**
 * Adds entries that were not added before. Keys: the stream, then one key per entry. Arguments: how long these keys live,
 * then for each entry how many fields and values it has, and these. It begins to write with a command that gives nothing, as
 * `leaseScript` does: a dead letter that finds no memory would hold up its entity, whose events fill it.
 */
const addScript = new Script<number>(`
local at, added = 2, 0
redis.call('XDEL', KEYS[1], '0-1')
for i = 2, #KEYS do
  local last = at + tonumber(ARGV[at])
  if redis.call('SET', KEYS[i], '1', 'NX', 'PX', ARGV[1]) then
    redis.call('XADD', KEYS[1], '*', unpack(ARGV, at + 1, last))
    added = added + 1
  end
  at = last + 1
end
return added
`)

/** What {@link RedisDeadLetters} are made of. */
export interface DeadLetterParts {
  readonly link: Link
  /** A link of its own to wait for replicas, because that holds up what is behind it. */
  readonly replicated: Link
  readonly keys: Keys
  readonly replicas: ReplicaWatch
  readonly publish: (events: readonly AxiomEvent[]) => Promise<PublishResult[]>
}

/** The dead letters of a namespace: one stream, which `redis-cli XRANGE fabra:dlq - +` shows. */
export class RedisDeadLetters implements DeadLetterQueue {
  readonly #link: Link
  readonly #replicated: Link
  readonly #keys: Keys
  readonly #publish: (events: readonly AxiomEvent[]) => Promise<PublishResult[]>
  readonly #replicas: ReplicaWatch

  constructor({ link, replicated, keys, replicas, publish }: DeadLetterParts) {
    this.#link = link
    this.#replicated = replicated
    this.#keys = keys
    this.#replicas = replicas
    this.#publish = publish
  }

  async append(entries: readonly NewDeadLetter[]): Promise<void> {
    for (let i = 0; i < entries.length; i += APPEND_AT_ONCE) await this.#add(entries.slice(i, i + APPEND_AT_ONCE))
  }

  async #add(entries: readonly NewDeadLetter[]): Promise<void> {
    const { deadLetters, deadLetterBarrier } = this.#keys
    const digests = entries.map((entry) => createHash("sha256").update(deadLetterKey(entry)).digest("hex"))
    const keys = [deadLetters, ...digests.map((digest) => this.#keys.deadLetterSeen(digest))]
    const args = entries.map(toFields).flatMap((fields) => [fields.length, ...fields])
    const { timeoutMs } = this.#replicated
    // The events behind these may be passed over only when a failover cannot lose them either.
    const replicas = await this.#replicated.run(deadLetters, async (redis) => {
      const isNeeded = this.#replicas.isNeeded(redis, replicasOf(await serverInfo(redis, "replication")))
      const added = addScript.runText(redis, keys, [SEEN_MS, ...args])
      if (!isNeeded) return added.then(() => undefined)
      const [, count] = await Promise.all([added, waitForReplica(redis, deadLetterBarrier, timeoutMs / 2)])
      if (count > 0) this.#replicas.confirmed(redis)
      else this.#replicas.missed(redis)
      return count
    })
    if (replicas !== 0) return
    throw new FabraError("bus_unavailable", "Redis has the dead letters, but no replica has confirmed them in time.")
  }

  async list(
    filter: DeadLetterFilter = {},
    { after, limit = DEFAULT_LIMIT }: { after?: string; limit?: number } = {},
  ): Promise<DeadLetterPage> {
    const size = Math.min(limit, MAX_LIMIT)
    const entries: DeadLetter[] = []
    for (let from = after === undefined ? "-" : `(${toStreamId(after)}`; ; ) {
      const page = await this.#range(from, "+", SCAN_AT_ONCE)
      for (const found of page) {
        const entry = fromEntry(found)
        if (!matchesFilter(entry, filter)) continue
        if (entries.length === size) return { entries, next: entries.at(-1)?.id ?? null }
        entries.push(entry)
      }
      const last = page.at(-1)
      if (last === undefined || page.length < SCAN_AT_ONCE) return { entries, next: null }
      from = `(${last[0]}`
    }
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const streamId = streamIdOrNone(id)
    if (streamId === undefined) return undefined
    const [found] = await this.#range(streamId, streamId, 1)
    return found && fromEntry(found)
  }

  async replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    const outcomes: ReplayOutcome[] = []
    for (const some of chunksOf(ids)) outcomes.push(...(await this.#replaySome(some)))
    return outcomes
  }

  async #replaySome(ids: readonly string[]): Promise<ReplayOutcome[]> {
    try {
      const again = await this.#publishAgain(ids, replayEvent)
      const isDone = (id: string) => again.get(id) === "published"
      await this.#remove(ids.filter(isDone))
      return ids.map((id) => {
        const outcome = again.get(id)
        if (outcome instanceof FabraError) return { id, status: "failed", error: outcome }
        return { id, status: outcome === "published" ? "replayed" : "not_found" }
      })
    } catch (error) {
      return ids.map((id) => ({ id, status: "failed", error: FabraError.from(error) }))
    }
  }

  async discard(ids: readonly string[]): Promise<number> {
    let discarded = 0
    for (const some of chunksOf(ids)) {
      const again = await this.#publishAgain(some, discardEvent)
      const outcomes = [...again.values()]
      // There is nothing to forget of an event that could not be read.
      const failed = outcomes.find((outcome) => outcome instanceof FabraError && outcome.code !== "invalid_event")
      if (failed instanceof FabraError) throw failed
      discarded += await this.#remove([...again.keys()])
    }
    return discarded
  }

  /** Publishes what `make` makes of each entry, in order; of those that are there, says what became of it. */
  async #publishAgain(
    ids: readonly string[],
    make: (entry: DeadLetter) => AxiomEvent,
  ): Promise<Map<string, "published" | FabraError>> {
    const entries = await Promise.all(ids.map((id) => this.get(id)))
    const outcomes = new Map<string, "published" | FabraError>()
    const made: { id: string; event: AxiomEvent }[] = []
    for (const [i, entry] of entries.entries()) {
      if (entry === undefined) continue
      const id = ids[i] as string
      try {
        made.push({ id, event: make(entry) })
      } catch (error) {
        outcomes.set(id, FabraError.from(error))
      }
    }
    const results = await this.#publish(made.map(({ event }) => event))
    for (const [i, { id }] of made.entries()) {
      const result = results[i] as PublishResult
      outcomes.set(id, result.ok ? "published" : result.error)
    }
    return outcomes
  }

  async #remove(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    const { deadLetters } = this.#keys
    return await this.#link.run(deadLetters, (redis) => redis.xdel(deadLetters, ...ids.map(toStreamId)))
  }

  async stats(): Promise<{ count: number; oldestAt: number | null }> {
    const { deadLetters } = this.#keys
    const [count, [oldest]] = await Promise.all([
      this.#link.run(deadLetters, (redis) => redis.xlen(deadLetters)),
      this.#range("-", "+", 1),
    ])
    return { count, oldestAt: oldest === undefined ? null : timeOf(toPosition(oldest[0])) }
  }

  async #range(from: string, to: string, count: number): Promise<StreamEntry[]> {
    const { deadLetters } = this.#keys
    return (await this.#link.run(deadLetters, (redis) =>
      redis.xrange(deadLetters, from, to, "COUNT", count),
    )) as StreamEntry[]
  }
}

/** What is no id of ours is the id of nothing. */
function streamIdOrNone(id: string): string | undefined {
  try {
    return toStreamId(id)
  } catch {
    return undefined
  }
}

/** Some at a time, none of them twice in one go. */
function* chunksOf(ids: readonly string[]): Generator<string[]> {
  let chunk = new Set<string>()
  for (const id of ids) {
    if (chunk.size === REPLAY_AT_ONCE || chunk.has(id)) {
      yield [...chunk]
      chunk = new Set()
    }
    chunk.add(id)
  }
  if (chunk.size > 0) yield [...chunk]
}
