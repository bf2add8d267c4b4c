import {
  type BusNotice,
  FabraError,
  type LeaseRequest,
  type LeaseView,
  type PartitionBatch,
  type PartitionedLog,
  type Position,
  type ReadOptions,
} from "@fabra/events"
import { Checkpoints } from "./checkpoints.js"
import type { PartitionKeys } from "./keys.js"
import { keepLeases } from "./leases.js"
import type { Link } from "./link.js"
import { LogReader } from "./log-reader.js"
import type { Namespace } from "./namespace.js"
import type { Settings } from "./options.js"

/** What one subscription needs of a {@link RedisLog} besides its connection. */
export interface RedisLogOptions {
  readonly namespace: Namespace
  readonly partitions: readonly PartitionKeys[]
  readonly settings: Settings
  readonly onNotice: (notice: BusNotice) => void
  readonly onClose: () => void
}

/** The log on Redis Streams, as one subscription sees it. */
export class RedisLog implements PartitionedLog {
  readonly partitions: number
  readonly #link: Link
  readonly #options: RedisLogOptions
  readonly #reader: LogReader
  readonly #checkpoints: Checkpoints
  #hasJoined = false

  constructor(link: Link, options: RedisLogOptions) {
    const { partitions, settings } = options
    this.partitions = partitions.length
    this.#link = link
    this.#options = options
    this.#reader = new LogReader(link, partitions)
    this.#checkpoints = new Checkpoints(link, settings.retentionMs, settings.clock)
  }

  async syncLeases(request: LeaseRequest): Promise<LeaseView> {
    const { namespace, partitions, onNotice } = this.#options
    await namespace.check()
    const round = await keepLeases(this.#link, namespace.keys, partitions, request, !this.#hasJoined)
    const { members, held, taken, createdIn } = round
    if (this.#hasJoined && createdIn.length > 0) {
      onNotice({
        level: "error",
        message: `The group "${request.group}" was gone from Redis in ${name(createdIn)}; it was created again and starts at the oldest event there is.`,
      })
    }
    this.#hasJoined = true
    for (const { assignment, entriesRead, missing } of taken) {
      this.#checkpoints.begin(assignment.partition, entriesRead)
      if (missing > 0) {
        onNotice({
          level: "error",
          message: `${missing} events of partition ${assignment.partition} were removed from Redis before the group "${request.group}" had read them.`,
        })
      }
    }
    return { members, held, taken: taken.map(({ assignment }) => assignment) }
  }

  read(cursors: ReadonlyMap<number, Position | null>, options: ReadOptions): Promise<PartitionBatch[]> {
    return this.#reader.read(cursors, options)
  }

  async writeCheckpoint(group: string, partition: number, position: Position, records: number): Promise<void> {
    const answer = await this.#checkpoints.write(this.#keys(partition), group, position, records)
    if (answer !== "created") return
    this.#options.onNotice({
      level: "error",
      message: `The group "${group}" was gone from Redis in ${name([partition])}; it was created again at its last checkpoint.`,
    })
  }

  noteAttempt(group: string, partition: number, position: Position, consumer: string): Promise<number> {
    return this.#checkpoints.noteAttempt(this.#keys(partition), group, position, consumer)
  }

  async close(): Promise<void> {
    this.#reader.close()
    this.#options.onClose()
  }

  #keys(partition: number): PartitionKeys {
    const keys = this.#options.partitions[partition]
    if (keys === undefined) throw new FabraError("invalid_argument", `There is no partition ${partition}.`)
    return keys
  }
}

function name(partitions: readonly number[]): string {
  return partitions.length === 1 ? `partition ${partitions[0]}` : `partitions ${partitions.join(", ")}`
}
