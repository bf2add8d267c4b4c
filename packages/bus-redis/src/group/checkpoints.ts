import type { Clock, Position } from "@fabra/events"
import type { Attempts } from "@fabra/events/adapter"
import type { PartitionKeys } from "../keyspace/keys.js"
import { toStreamId } from "../keyspace/positions.js"
import type { Link } from "../transport/link.js"
import { attemptScript, type CheckpointAnswer, checkpointScript } from "./checkpoint-script.js"

const TRIM_EVERY_MS = 5_000
/** Far longer than anybody is cautious; keeps what a vanished group has noted from staying for ever. */
const ATTEMPTS_LIFE_MS = 7 * 24 * 3_600_000

/** Stores the checkpoints and noted attempts of one subscription. */
export class Checkpoints {
  readonly #link: Link
  readonly #retentionMs: number
  readonly #clock: Clock
  /** Entries read at the checkpoint with which a partition was assigned, where known. */
  readonly #base = new Map<number, number | null>()
  readonly #trimmedAt = new Map<number, number>()

  constructor(link: Link, retentionMs: number, clock: Clock) {
    this.#link = link
    this.#retentionMs = retentionMs
    this.#clock = clock
  }

  /** The partition begins, at a checkpoint up to which the group has read so many entries. */
  begin(partition: number, entriesRead: number | null): void {
    this.#base.set(partition, entriesRead)
  }

  /** @param records how many records lie between the checkpoint of {@link begin} and `position` */
  async write(keys: PartitionKeys, group: string, position: Position, records: number): Promise<CheckpointAnswer> {
    const base = this.#base.get(keys.index) ?? null
    const entriesRead = base === null ? "" : base + records
    const retention = this.#isTimeToTrim(keys.index) ? this.#retentionMs : ""
    const scriptKeys = [keys.events, keys.attempts(group)]
    const args = [group, toStreamId(position), entriesRead, retention, `(${attemptsEnd(position)}`]
    const answer = await this.#link.run(keys.events, (redis) => checkpointScript.run(redis, scriptKeys, args))
    if (answer === "group" || answer === "stream") this.forget(keys.index)
    return answer
  }

  /** The group is another one, maybe of another stream: what was counted is true no more. */
  forget(partition: number): void {
    this.#base.set(partition, null)
  }

  /** By how many other consumers each record has been noted. */
  async noteAttempts(keys: PartitionKeys, { group, consumer, positions, how }: Attempts): Promise<number[]> {
    const key = keys.attempts(group)
    const args = [ATTEMPTS_LIFE_MS, consumer, how, ...positions]
    return await this.#link.run(key, (redis) => attemptScript.run(redis, [key], args))
  }

  #isTimeToTrim(partition: number): boolean {
    const now = this.#clock.now()
    const last = this.#trimmedAt.get(partition)
    if (last !== undefined && now - last < TRIM_EVERY_MS) return false
    this.#trimmedAt.set(partition, now)
    return true
  }
}

/** Sorts after every attempt noted for the position, each `position\nconsumer`, and before the next one's. */
function attemptsEnd(position: Position): string {
  return `${position}\v`
}
