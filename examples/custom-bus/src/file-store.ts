import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Clock, FabraError, type PublishResult } from "@fabra/events"
import { checkPartitions, DEFAULT_PARTITIONS, type EncodedEvent, partitionOf } from "@fabra/events/adapter"
import { Groups, replaceFile } from "./groups.js"
import { locked } from "./lock.js"
import { type PartitionLimits, PartitionWriter } from "./partition-writer.js"
import { Segments } from "./segments.js"

/** Options of {@link FileStore.open}. */
export interface FileStoreOptions extends PartitionLimits {
  readonly directory: string
  /** Default: what the directory was first used with, or 16. */
  readonly partitions: number | undefined
  readonly segmentBytes: number
  readonly clock: Clock
}

/** What lies in a bus's directory, and how to change it. */
export class FileStore {
  readonly directory: string
  readonly clock: Clock
  readonly groups: Groups
  readonly logs: readonly Segments[]
  readonly #writers: readonly PartitionWriter[]

  private constructor({ directory, clock, segmentBytes, ...limits }: FileStoreOptions, partitions: number) {
    this.directory = directory
    this.clock = clock
    this.groups = new Groups(join(directory, "groups.json"), partitions)
    this.logs = Array.from({ length: partitions }, (_, index) => new Segments(directory, index, segmentBytes))
    this.#writers = this.logs.map((log, index) => new PartitionWriter(index, log, limits))
  }

  /** Uses a directory, for the first time or again. @throws FabraError `partition_mismatch`, `bus_unavailable` */
  static async open(options: FileStoreOptions): Promise<FileStore> {
    const { directory } = options
    mkdirSync(directory, { recursive: true })
    const partitions = await locked(directory, () => agreePartitions(join(directory, "bus.json"), options.partitions))
    return new FileStore(options, partitions)
  }

  /** Runs `work` alone in the whole directory. */
  locked<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    return locked(this.directory, work, signal)
  }

  log(partition: number): Segments {
    return entry(this.logs, partition)
  }

  /** Appends events, one answer each, in their order. Under the lock. */
  append(events: readonly EncodedEvent[]): PublishResult[] {
    const slots = this.logs.map((): number[] => [])
    for (const [i, { entityId }] of events.entries()) slots[partitionOf(entityId, this.logs.length)]?.push(i)
    const settled = this.groups.settled()
    const now = this.clock.now()
    const results = new Array<PublishResult>(events.length)
    for (const [partition, writer] of this.#writers.entries()) {
      const own = slots[partition] as number[]
      if (own.length === 0) continue
      const answers = writer.append(
        own.map((i) => events[i] as EncodedEvent),
        now,
        settled[partition] ?? 0,
      )
      for (const [j, i] of own.entries()) results[i] = answers[j] as PublishResult
    }
    return results
  }

  /** Forgets a group that has no living member, and drops what only that group has not settled. Under the lock. */
  removeGroup(name: string): boolean {
    const isRemoved = this.groups.remove(name, this.clock.now())
    if (isRemoved) for (const partition of this.logs.keys()) this.trim(partition)
    return isRemoved
  }

  /** Drops what every group has settled. Under the lock. */
  trim(partition: number): void {
    entry(this.#writers, partition).trim(this.groups.settled()[partition] ?? 0, this.clock.now())
  }
}

function entry<T>(list: readonly T[], partition: number): T {
  const found = list[partition]
  if (found === undefined) throw new FabraError("invalid_argument", `There is no partition ${partition}.`)
  return found
}

function agreePartitions(path: string, asked: number | undefined): number {
  let stored: number | undefined
  try {
    stored = (JSON.parse(readFileSync(path, "utf8")) as { partitions: number }).partitions
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
  }
  if (stored === undefined) {
    stored = asked ?? DEFAULT_PARTITIONS
    checkPartitions(stored)
    replaceFile(path, JSON.stringify({ partitions: stored }))
  }
  if (asked === undefined || asked === stored) return stored
  throw new FabraError("partition_mismatch", `The directory was first used with ${stored} partitions, not ${asked}.`, {
    path: "partitions",
    allowed: [String(stored)],
  })
}
