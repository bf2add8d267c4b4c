import { FabraError, type Position } from "@fabra/events"
import {
  type Assignment,
  type Attempts,
  keepMembers,
  type LeaseRequest,
  type LeaseView,
  type PartitionBatch,
  type PartitionedLog,
  type ReadOptions,
  sleep,
} from "@fabra/events/adapter"
import { GROUPS } from "./plan.js"
import type { Process } from "./process.js"
import type { LogEntry, Master } from "./server.js"
import { PARTITIONS, type World } from "./world.js"

interface Lease {
  readonly consumer: string
  readonly life: string
  readonly until: number
}

/** The log as one process sees it: each partition on a server of its own, leases on the first of them. */
export class SimulatedLog implements PartitionedLog {
  readonly partitions = PARTITIONS
  readonly #world: World
  readonly #process: Process

  constructor(world: World, process: Process) {
    this.#world = world
    this.#process = process
  }

  async syncLeases(request: LeaseRequest): Promise<LeaseView> {
    const answer = await this.#process.ask(this.#server(0), (master) => syncLeases(master, request, this.#world.now))
    if (answer === undefined) throw unavailable()
    const { taken, ...view } = answer.value
    return { ...view, taken: await Promise.all(taken.map((lease) => this.#lookUp(request.group, lease))) }
  }

  async #lookUp(group: string, { partition, unclean }: { partition: number; unclean: boolean }): Promise<Assignment> {
    const answer = await this.#process.ask(this.#server(partition), (master) => ({
      checkpoint: master.get<Position>(checkpointKey(group)) ?? null,
      end: master.entries.at(-1)?.position ?? null,
    }))
    if (answer === undefined) throw unavailable()
    const { checkpoint, end } = answer.value
    return { partition, checkpoint, quarantineUntil: unclean ? end : null }
  }

  async read(cursors: ReadonlyMap<number, Position | null>, options: ReadOptions): Promise<PartitionBatch[]> {
    const first = await this.#readNow(cursors, options.maxEvents)
    if (first.length > 0 || options.maxWaitMs <= 0 || options.signal?.aborted) return first
    await this.#wait([...cursors.keys()], options)
    return this.#readNow(cursors, options.maxEvents)
  }

  async #wait(partitions: readonly number[], { maxWaitMs, signal }: ReadOptions): Promise<void> {
    const arrived = new AbortController()
    const wake = () => arrived.abort()
    // Told by the server: it takes its time, and a process that stands still does not hear it before it goes on.
    const told = () => this.#process.setTimer(wake, this.#world.random.int(1, 8))
    for (const partition of partitions) this.#server(partition).waiting.add(told)
    signal?.addEventListener("abort", wake, { once: true })
    await sleep(this.#process, maxWaitMs, arrived.signal)
    for (const partition of partitions) this.#server(partition).waiting.delete(told)
    signal?.removeEventListener("abort", wake)
  }

  async #readNow(cursors: ReadonlyMap<number, Position | null>, maxEvents: number): Promise<PartitionBatch[]> {
    const answers = await Promise.all(
      [...cursors].map(async ([partition, after]) => ({
        partition,
        records: (await this.#process.ask(this.#server(partition), (master) => readable(master, after, maxEvents)))
          ?.value,
      })),
    )
    if (answers.length > 0 && answers.every(({ records }) => records === undefined)) throw unavailable()
    return answers.flatMap(({ partition, records = [] }) => {
      if (records.length === 0) return []
      this.#world.tell(
        () => `${this.#process.name} reads p${partition}: ${records.map(({ position }) => position).join(" ")}`,
      )
      return [{ partition, records }]
    })
  }

  async writeCheckpoint(group: string, partition: number, position: Position): Promise<void> {
    const answer = await this.#process.ask(this.#server(partition), (master) => {
      const stored = master.get<Position>(checkpointKey(group))
      if (stored !== undefined && stored >= position) return true
      master.set(checkpointKey(group), position)
      this.#world.tell(
        () => `${this.#process.name} checkpoints p${partition} of ${group} on ${master.name}: ${position}`,
      )
      trim(master)
      return true
    })
    if (answer === undefined) throw unavailable()
  }

  async noteAttempts({ group, consumer, partition, positions, how }: Attempts): Promise<readonly number[]> {
    const answer = await this.#process.ask(this.#server(partition), (master) =>
      positions.map((position) => {
        const key = `attempts/${group}/${position}`
        const consumers = master.get<readonly string[]>(key) ?? []
        const others = consumers.filter((noted) => noted !== consumer)
        if (how === "withdrawn") master.set(key, others)
        else if (others.length === 0 || how === "alone") master.set(key, [...others, consumer])
        return others.length
      }),
    )
    if (answer === undefined) throw unavailable()
    return answer.value
  }

  async close(): Promise<void> {}

  #server(partition: number) {
    return this.#world.bus[partition] as World["bus"][number]
  }
}

/** Key of a group's checkpoint on the server of a partition. */
export function checkpointKey(group: string): string {
  return `checkpoint/${group}`
}

/** What stands after a cursor and is safe: the first record that a failover could still undo ends it. */
function readable(master: Master, after: Position | null, maxEvents: number): readonly LogEntry[] {
  const trimmed = master.get<Position>("trimmed") ?? ""
  const found: LogEntry[] = []
  for (const entry of master.entries) {
    if (entry.position <= (after ?? "") || entry.position <= trimmed) continue
    if (!master.isReplicated(entry.operation)) break
    if (found.push(entry) >= maxEvents) break
  }
  return found
}

/** Drops what every group has settled. */
function trim(master: Master): void {
  const checkpoints = Object.keys(GROUPS).map((group) => master.get<Position>(checkpointKey(group)) ?? "")
  const [slowest = ""] = checkpoints.sort()
  if (slowest !== "") master.set("trimmed", slowest)
}

function syncLeases(master: Master, request: LeaseRequest, now: number) {
  const { group, consumer, life, leaseMs, held, wanted, released } = request
  const { members, sharing, isSuperseded } = keepMembers(master.get(`members/${group}`) ?? [], request, now)
  if (isSuperseded) return { sharing, isSuperseded, held: [], taken: [] }
  master.set(`members/${group}`, members)
  const own = { consumer, life, until: now + leaseMs }
  const leaseOf = (partition: number) => master.get<Lease | null>(`lease/${group}/${partition}`)
  const isOurs = (partition: number) => leaseOf(partition)?.life === life
  for (const partition of released) if (isOurs(partition)) master.set(`lease/${group}/${partition}`, null)
  const stillHeld = held.filter(isOurs)
  for (const partition of stillHeld) master.set(`lease/${group}/${partition}`, own)
  const taken = wanted.flatMap((partition) => {
    const lease = leaseOf(partition)
    if (lease && lease.consumer !== consumer && lease.until > now) return []
    master.set(`lease/${group}/${partition}`, own)
    return [{ partition, unclean: lease != null && lease.life !== life }]
  })
  return { sharing, isSuperseded, held: stillHeld, taken }
}

function unavailable(): FabraError {
  return new FabraError("bus_unavailable", "The simulated bus gave no answer.")
}
