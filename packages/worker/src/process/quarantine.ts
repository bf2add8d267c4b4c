import type { Position } from "@fabra/events"
import type { AttemptKind } from "@fabra/events/adapter"
import type { WorkerContext } from "../context.js"
import type { Item, Lane } from "../lane/lane.js"
import type { PartitionSession } from "../partition/partition-session.js"
import { retryDelay } from "../retry.js"

/** Most events that are noted in one call. */
const MAX_NOTED = 500

/**
 * Where the last owner may have died, each event is noted before it is run (rule R13). Those that nobody else has noted run
 * together, four batches at most. What another worker noted and did not settle runs alone: so of several
 * deaths the notes identify the event that caused them, and no other event is blamed.
 */
export class Quarantine {
  readonly #context: WorkerContext
  readonly #run: (lanes: readonly Lane[]) => void
  readonly #maxRunning: number
  /** Lanes whose next event is not noted yet. */
  #entering: Lane[] = []
  /** Lanes whose next event another worker has noted. */
  #suspects: Lane[] = []
  /** Sessions with a call to the bus under way, and for how many events that are to run. */
  readonly #asking = new Map<PartitionSession, number>()
  /** Noted events that are being run. */
  readonly #running = new Set<Item>()
  /** Those of them that have failed, whose notes are to be withdrawn. */
  #failed: Item[] = []
  #alone: Lane | undefined
  #isScheduled = false

  /** @param run works on lanes whose first event is noted */
  constructor(context: WorkerContext, run: (lanes: readonly Lane[]) => void) {
    this.#context = context
    this.#run = run
    this.#maxRunning = 4 * context.settings.batchSize
  }

  /** The lane's first event has to be noted before it is run. */
  enter(lane: Lane): void {
    if (lane.items[0]?.quarantine === "suspect") this.#suspects.push(lane)
    else this.#entering.push(lane)
    this.#soon()
  }

  /** A noted event is settled. */
  leave(item: Item): void {
    if (!this.#running.delete(item)) return
    if (this.#alone === item.lane) this.#alone = undefined
    this.#soon()
  }

  /** The lane waits: what of it was noted has killed nobody, and is noted again before it is tried again. */
  pause(lane: Lane): void {
    const noted = lane.items.filter((item) => typeof item.quarantine === "object")
    if (noted.length === 0) return
    for (const item of noted) item.quarantine = "ask"
    this.#failed.push(...noted)
    this.#soon()
  }

  /** The session has ended: the next owner of its partition runs its events. */
  forget(session: PartitionSession): void {
    const isOther = (lane: Lane) => lane.session !== session
    this.#entering = this.#entering.filter(isOther)
    this.#suspects = this.#suspects.filter(isOther)
    this.#failed = this.#failed.filter(({ lane }) => isOther(lane))
    for (const item of this.#running) if (!isOther(item.lane)) this.#running.delete(item)
    if (this.#alone?.session === session) this.#alone = undefined
    this.#soon()
  }

  /** What happens in one go of the event loop is answered with one call a partition. */
  #soon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#next()
    })
  }

  #next(): void {
    this.#withdrawFailed()
    if (this.#alone !== undefined) return
    if (this.#suspects.length === 0) this.#runGroups()
    else if (this.#running.size === 0 && this.#asking.size === 0) {
      this.#alone = this.#suspects.shift() as Lane
      this.#runAlone(this.#alone).catch(this.#context.failed)
    }
  }

  #withdrawFailed(): void {
    if (this.#failed.length === 0) return
    const groups = new Map<PartitionSession, Item[]>()
    this.#failed = this.#failed.filter((item) => {
      const { session } = item.lane
      const group = groups.get(session) ?? []
      if (group.length >= MAX_NOTED || this.#asking.has(session)) return true
      groups.set(session, group)
      group.push(item)
      return false
    })
    for (const [session, items] of groups) {
      this.#asking.set(session, 0)
      this.#withdraw(session, items).catch(this.#context.failed)
    }
  }

  async #withdraw(session: PartitionSession, items: readonly Item[]): Promise<void> {
    // Where the bus does not answer the notes stay: at worst an event is run alone that need not be.
    await this.#note(session, items, "withdrawn")
    this.#asking.delete(session)
    for (const item of items) this.leave(item)
    this.#soon()
  }

  /** Runs the next events of lanes that enter, as far as there is room; a session has one call under way at a time. */
  #runGroups(): void {
    let room = this.#maxRunning - this.#running.size
    for (const asked of this.#asking.values()) room -= asked
    if (room <= 0 || this.#entering.length === 0) return
    const groups = new Map<PartitionSession, Item[]>()
    this.#entering = this.#entering.filter((lane) => {
      const group = groups.get(lane.session) ?? []
      if (room <= 0 || group.length >= MAX_NOTED || this.#asking.has(lane.session)) return true
      const end = Math.min(lane.items.length, room, MAX_NOTED - group.length)
      for (let i = 0; i < end && lane.items[i]?.quarantine === "ask"; i++, room--) group.push(lane.items[i] as Item)
      groups.set(lane.session, group)
      return false
    })
    for (const [session, items] of groups) {
      this.#asking.set(session, items.length)
      this.#runTogether(session, items).catch(this.#context.failed)
    }
  }

  async #runTogether(session: PartitionSession, items: readonly Item[]): Promise<void> {
    const lanes = [...new Set(items.map(({ lane }) => lane))]
    const others = await this.#note(session, items, "together")
    this.#asking.delete(session)
    this.#soon()
    if (!session.active) return
    if (others === undefined) {
      for (const lane of lanes) this.#enterLater(lane)
      return
    }
    const held = new Set<Lane>()
    for (const [i, item] of items.entries()) {
      if (held.has(item.lane)) continue // asked for again once the suspect before it is settled
      const noted = others[i] as number
      if (noted > 0 && noted <= this.#context.settings.maxCrashes) {
        item.quarantine = "suspect"
        held.add(item.lane)
      } else this.#admit(item, noted)
    }
    const isSuspect = (lane: Lane) => lane.items[0]?.quarantine === "suspect"
    this.#suspects.push(...lanes.filter(isSuspect))
    this.#run(lanes.filter((lane) => !isSuspect(lane)))
  }

  async #runAlone(lane: Lane): Promise<void> {
    const item = lane.items[0] as Item
    const others = await this.#note(lane.session, [item], "alone")
    if (this.#alone !== lane || !lane.session.active) return
    if (others === undefined) {
      this.#alone = undefined
      this.#enterLater(lane)
      this.#soon()
      return
    }
    this.#admit(item, others[0] as number)
    this.#run([lane])
  }

  #admit(item: Item, others: number): void {
    item.quarantine = { others }
    this.#running.add(item)
  }

  #enterLater(lane: Lane): void {
    const { settings } = this.#context
    lane.outages++
    lane.timer = settings.clock.setTimer(() => this.enter(lane), retryDelay(settings, lane.outages))
  }

  /** By how many other consumers each event was noted; `undefined` when the bus does not answer. */
  async #note(
    { partition, active }: PartitionSession,
    items: readonly Item[],
    how: AttemptKind,
  ): Promise<readonly number[] | undefined> {
    const { observer, subscription } = this.#context
    if (subscription === undefined || !active) return undefined
    const positions: readonly Position[] = items.map(({ record }) => record.position)
    try {
      return await observer.time("bus", "note_attempt", subscription.noteAttempts(partition, positions, how))
    } catch (error) {
      observer.outage("The bus does not answer; trying again.", error)
      return undefined
    }
  }
}
