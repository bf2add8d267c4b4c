import { type BusNotice, FabraError, type Position } from "@fabra/events"
import type {
  Attempts,
  LeaseRequest,
  LeaseView,
  PartitionBatch,
  PartitionedLog,
  ReadOptions,
} from "@fabra/events/adapter"
import { Checkpoints } from "../group/checkpoints.js"
import { ensureGroup } from "../group/groups.js"
import { keepLeases } from "../group/leases.js"
import type { PartitionKeys } from "../keyspace/keys.js"
import type { Namespace } from "../keyspace/namespace.js"
import type { Settings } from "../options.js"
import type { Link } from "../transport/link.js"
import { MemoryWatch } from "../transport/memory-watch.js"
import { describeServer } from "../transport/server-notices.js"
import { LogReader } from "./log-reader.js"
import { busIsGone, eventsWereRemoved, groupIsGone, streamsAreGone } from "./loss-notices.js"
import type { ReplicaWatch } from "./replica-watch.js"

/** Every so many rounds of lease keeping the group is looked for in every partition. */
const LOOK_EVERY_ROUNDS = 10

/** What one subscription needs of a {@link RedisLog} besides its connection. */
export interface RedisLogOptions {
  readonly namespace: Namespace
  readonly partitions: readonly PartitionKeys[]
  readonly settings: Settings
  readonly replicas: ReplicaWatch
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
  readonly #memory: MemoryWatch
  readonly #stopListening: () => void
  /** The furthest position read of each partition. */
  readonly #furthest = new Map<number, Position>()
  #hasJoined = false
  #rounds = 0
  #looking: Promise<void> | undefined

  constructor(link: Link, options: RedisLogOptions) {
    const { partitions, settings, replicas, onNotice } = options
    this.partitions = partitions.length
    this.#link = link
    this.#options = options
    this.#reader = new LogReader(link, options)
    this.#memory = new MemoryWatch(onNotice)
    this.#stopListening = replicas.listen(onNotice)
    this.#checkpoints = new Checkpoints(link, settings.retentionMs, settings.clock)
  }

  async syncLeases(request: LeaseRequest): Promise<LeaseView> {
    const { namespace, partitions, settings, onNotice } = this.#options
    const { group, wanted } = request
    if (!(await namespace.check())) onNotice(busIsGone(settings.namespace))
    // At first in every partition before anything is read, so that none is trimmed before the group has seen it.
    if (!this.#hasJoined) await this.#ensureGroup(group, partitions)
    else if (wanted.length > 0)
      await this.#ensureGroup(
        group,
        wanted.map((partition) => this.#keys(partition)),
      )
    const place = { link: this.#link, keys: namespace.keys, partitions }
    const { taken, ...view } = await keepLeases(place, request, () =>
      onNotice({
        code: "scripts_restored",
        level: "info",
        message: "Redis had forgotten the scripts of the bus; it has them again.",
      }),
    )
    this.#hasJoined = true
    this.#lookAfterGroup(group)
    for (const { assignment, entriesRead, missing } of taken) {
      this.#checkpoints.begin(assignment.partition, entriesRead)
      if (missing > 0) onNotice(eventsWereRemoved(missing, assignment.partition, group))
    }
    return { ...view, taken: taken.map(({ assignment }) => assignment) }
  }

  async read(cursors: ReadonlyMap<number, Position | null>, options: ReadOptions): Promise<PartitionBatch[]> {
    const batches = await this.#reader.read(cursors, options)
    for (const { partition, records } of batches) {
      const last = records.at(-1)?.position ?? ""
      if (last > (this.#furthest.get(partition) ?? "")) this.#furthest.set(partition, last)
    }
    return batches
  }

  async writeCheckpoint(group: string, partition: number, position: Position, records: number): Promise<void> {
    const answer = await this.#checkpoints.write(this.#keys(partition), group, position, records)
    if (answer === "group") this.#options.onNotice(groupIsGone(group, [partition]))
    else if (answer === "stream") this.#options.onNotice(streamsAreGone([partition]))
  }

  /** Now and then, without making anybody wait: an idle group would not notice otherwise that it is gone, nor anybody the memory. */
  #lookAfterGroup(group: string): void {
    if (++this.#rounds % LOOK_EVERY_ROUNDS !== 0 || this.#looking !== undefined) return
    const { partitions, replicas } = this.#options
    const servers = this.#link.everywhere((redis) => describeServer(redis, replicas))
    this.#looking = Promise.all([
      this.#ensureGroup(group, partitions),
      servers.then((found) => this.#memory.look(found)),
    ])
      .then(() => {})
      .catch(() => {}) // whoever needs what does not answer says so
      .finally(() => {
        this.#looking = undefined
      })
  }

  async #ensureGroup(group: string, partitions: readonly PartitionKeys[]): Promise<void> {
    const isNew = !this.#hasJoined
    const { groupIn, streams } = await ensureGroup(this.#link, partitions, group, this.#furthest)
    for (const partition of [...groupIn, ...streams]) this.#checkpoints.forget(partition)
    if (isNew) return
    if (groupIn.length > 0) this.#options.onNotice(groupIsGone(group, groupIn))
    if (streams.length > 0) this.#options.onNotice(streamsAreGone(streams))
  }

  noteAttempts(attempts: Attempts): Promise<readonly number[]> {
    return this.#checkpoints.noteAttempts(this.#keys(attempts.partition), attempts)
  }

  async close(): Promise<void> {
    this.#reader.close()
    this.#stopListening()
    await this.#looking
    this.#options.onClose()
  }

  #keys(partition: number): PartitionKeys {
    const keys = this.#options.partitions[partition]
    if (keys === undefined) throw new FabraError("invalid_argument", `There is no partition ${partition}.`)
    return keys
  }
}
