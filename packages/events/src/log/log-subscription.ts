import type { AttemptKind, PartitionBatch, ReadOptions, SubscribeOptions, Subscription } from "../bus/bus.js"
import type { BusNotice, BusNoticeCode } from "../bus/notice.js"
import type { Position } from "../bus/position.js"
import { type Clock, sleep, type Timer } from "../clock.js"
import { FabraError } from "../errors.js"
import { assignPartitions } from "./assign.js"
import type { LeaseView, PartitionedLog } from "./log.js"

/** Default lease: 10 seconds. */
export const DEFAULT_LEASE_MS = 10_000
/** Rounds of lease keeping in one lease: how soon a member notices what others let go of. */
const ROUNDS = 20
/** How many reads share a signal: what a log should have left on it is kept no longer than they take. */
const READS_OF_ONE = 1_000

interface Held {
  /** Replaced by every seek, so that a read in flight can tell that its answer is of yesterday. */
  cursor: { after: Position | null }
  paused: boolean
  /** Settles when the worker has drained the partition; `undefined` while nobody has asked for it. */
  revoking: Promise<void> | undefined
}

/**
 * A {@link Subscription} on any {@link PartitionedLog}: keeps heartbeats and leases, shares the partitions by
 * `assignPartitions`, drains what it is to give away, and moves cursors.
 */
export class LogSubscription implements Subscription {
  readonly #log: PartitionedLog
  readonly #options: SubscribeOptions
  readonly #clock: Clock
  readonly #leaseMs: number
  /** Sorts by when it began. */
  readonly #life: string
  readonly #held = new Map<number, Held>()
  readonly #released = new Set<number>()
  #expiry: Timer | undefined
  #wakeSync = new AbortController()
  /** Ends the read under way. Kept for the next ones, since making it is a tenth of what a small read takes. */
  #wakeRead = new AbortController()
  #reads = 0
  #closing = false
  /** Which of its two ways to the bus do not answer. */
  readonly #failing = new Set<"leases" | "reads">()
  /** Partitions of which it was said that their log ends before the cursor. */
  readonly #shortened = new Set<number>()
  #fatal: FabraError | undefined
  #loop: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  private constructor(log: PartitionedLog, options: SubscribeOptions, clock: Clock) {
    this.#log = log
    this.#options = options
    this.#clock = clock
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS
    this.#life = `${clock.now().toString(36).padStart(9, "0")}-${clock.random().toString(36).slice(2)}`
  }

  /** Announces the member and starts to keep its leases. Closes `log` when the subscription is closed. */
  static async open(log: PartitionedLog, options: SubscribeOptions, clock: Clock): Promise<LogSubscription> {
    const subscription = new LogSubscription(log, options, clock)
    try {
      await subscription.#sync()
    } catch (error) {
      subscription.#expiry?.cancel()
      await log.close()
      throw error
    }
    subscription.#loop = subscription.#keepLeases()
    return subscription
  }

  async #keepLeases(): Promise<void> {
    while (!this.#closing && !this.#isSuperseded) {
      await sleep(this.#clock, this.#leaseMs / ROUNDS, this.#wakeSync.signal, "upkeep")
      if (this.#closing) return
      this.#wakeSync = new AbortController()
      try {
        await this.#sync()
      } catch (error) {
        this.#failed("leases", FabraError.from(error, "bus_unavailable"))
      }
    }
  }

  #failed(what: "leases" | "reads", error: FabraError): void {
    if (error.code === "partition_mismatch" || error.code === "superseded") {
      this.#fatal = error
      this.#wakeRead.abort()
    }
    if (this.#isSuperseded) return
    const isNew = this.#failing.size === 0
    this.#failing.add(what)
    if (isNew)
      this.#notice(
        "no_answer",
        "warn",
        `The bus does not answer (${error.message}); trying again until it does.`,
        error,
      )
  }

  #answered(what: "leases" | "reads"): void {
    if (this.#failing.delete(what) && this.#failing.size === 0)
      this.#notice("answers_again", "info", "The bus answers again.")
  }

  /** One round: renew, let go, look who is there, give away what belongs to others, take what is ours and free. */
  async #sync(): Promise<void> {
    const view = await this.#syncLeases([])
    this.#answered("leases")
    if (this.#closing) return
    const share = new Set(assignPartitions(view.sharing, this.#log.partitions).get(this.#options.consumer))
    for (const [partition, held] of this.#held) if (!share.has(partition)) this.#revoke(partition, held)
    const wanted = [...share].filter((partition) => !this.#held.has(partition) && !this.#released.has(partition))
    if (wanted.length > 0) await this.#syncLeases(wanted)
  }

  async #syncLeases(wanted: readonly number[], leaving = false): Promise<LeaseView> {
    const { group, consumer } = this.#options
    const held = [...this.#held.keys()]
    const released = [...this.#released]
    // One round less than promised, so that even with the wait for the next round others take over within a lease.
    const leaseMs = this.#leaseMs * (1 - 1 / ROUNDS)
    const life = this.#life
    const view = await this.#log.syncLeases({ group, consumer, life, leaseMs, held, wanted, released, leaving })
    if (view.isSuperseded) throw this.#superseded()
    for (const partition of released) this.#released.delete(partition)
    this.#restartExpiry()
    const still = new Set(view.held)
    for (const partition of held) if (!still.has(partition)) this.#lose(partition)
    // A subscription that began to close meanwhile lets go of what it just got in its last round.
    for (const assignment of view.taken) {
      const { partition, checkpoint } = assignment
      this.#held.set(partition, { cursor: { after: checkpoint }, paused: false, revoking: undefined })
      this.#options.onAssigned(assignment)
    }
    if (view.taken.length > 0) this.#wakeRead.abort()
    return view
  }

  /** Its name belongs to another: it has nothing left to renew or to let go. */
  get #isSuperseded(): boolean {
    return this.#fatal?.code === "superseded"
  }

  #superseded(): FabraError {
    const { group, consumer } = this.#options
    this.#loseAll()
    return new FabraError(
      "superseded",
      `Another member of the group "${group}" has joined under the name "${consumer}" and taken the place of this one. Give each worker that runs at the same time a name of its own.`,
      { path: "consumer" },
    )
  }

  /** A timer, not a comparison of clock readings: a wall clock that is set must not cost a lease. */
  #restartExpiry(): void {
    this.#expiry?.cancel()
    this.#expiry = this.#clock.setTimer(() => this.#loseAll(), this.#leaseMs, "upkeep")
  }

  #revoke(partition: number, held: Held): Promise<void> {
    held.revoking ??= this.#options
      .onRevoked(partition)
      .catch((error) => this.#notice("drain_failed", "error", `Draining partition ${partition} failed.`, error))
      .then(() => {
        if (this.#held.get(partition) !== held) return
        this.#held.delete(partition)
        this.#released.add(partition)
        this.#wakeSync.abort()
      })
    return held.revoking
  }

  #loseAll(): void {
    for (const partition of [...this.#held.keys()]) this.#lose(partition)
  }

  #lose(partition: number): void {
    if (!this.#held.delete(partition)) return
    this.#wakeRead.abort()
    this.#notice("lease_lost", "warn", `Lost the lease of partition ${partition}.`)
    this.#options.onLost(partition)
  }

  async read(options: ReadOptions): Promise<PartitionBatch[]> {
    if (this.#closing) throw new FabraError("bus_closed", "The subscription is closed.")
    if (this.#fatal) throw this.#fatal
    if (this.#wakeRead.signal.aborted || ++this.#reads % READS_OF_ONE === 0) this.#wakeRead = new AbortController()
    const wake = this.#wakeRead
    const { signal } = wake
    const abort = () => wake.abort()
    if (options.signal?.aborted) abort()
    options.signal?.addEventListener("abort", abort, { once: true })
    try {
      const asked: Held["cursor"][] = [] // by partition
      const cursors = new Map<number, Position | null>()
      this.#held.forEach(({ cursor, paused, revoking }, partition) => {
        if (paused || revoking) return
        asked[partition] = cursor
        cursors.set(partition, cursor.after)
      })
      if (cursors.size === 0) {
        if (options.maxWaitMs > 0) await sleep(this.#clock, options.maxWaitMs, signal, "upkeep")
        return []
      }
      const batches = await this.#log.read(cursors, { ...options, signal })
      this.#answered("reads")
      for (const batch of batches) this.#checkEnd(batch)
      return batches.filter((batch) => this.#advance(batch, asked[batch.partition]))
    } catch (error) {
      const known = FabraError.from(error, "bus_unavailable")
      if (known.code === "partition_mismatch") throw known
      this.#failed("reads", known)
      await sleep(this.#clock, Math.min(options.maxWaitMs, 100), signal)
      return []
    } finally {
      options.signal?.removeEventListener("abort", abort)
    }
  }

  /** Says once, until there are records again, that a partition ends before what was read of it. */
  #checkEnd({ partition, records, endsBeforeCursor }: PartitionBatch): void {
    if (records.length > 0) this.#shortened.delete(partition)
    if (!endsBeforeCursor || this.#shortened.has(partition)) return
    this.#shortened.add(partition)
    const message =
      `The log of partition ${partition} ends before what the group "${this.#options.group}" has read of it: the bus has lost its newest ` +
      "events, as when an older snapshot is put back. Those that were accepted since then and not applied are gone: publish " +
      "them again under their ids. If this bus counts its positions on from there, new events are taken for old ones: see " +
      "the guide for adapters on positions."
    this.#notice("events_lost", "error", message)
  }

  #advance({ partition, records }: PartitionBatch, cursor: Held["cursor"] | undefined): boolean {
    const held = this.#held.get(partition)
    const last = records.at(-1)
    if (last === undefined || held === undefined || held.revoking || held.cursor !== cursor) return false
    held.cursor = { after: last.position }
    return true
  }

  async checkpoint(partition: number, position: Position, records: number): Promise<void> {
    if (!this.#held.has(partition)) return
    await this.#log.writeCheckpoint(this.#options.group, partition, position, records)
  }

  seek(partition: number, position: Position | null): void {
    const held = this.#held.get(partition)
    if (held) held.cursor = { after: position }
    this.#wakeRead.abort()
  }

  pause(partition: number): void {
    const held = this.#held.get(partition)
    if (held) held.paused = true
  }

  resume(partition: number): void {
    const held = this.#held.get(partition)
    if (!held?.paused) return
    held.paused = false
    this.#wakeRead.abort()
  }

  noteAttempts(partition: number, positions: readonly Position[], how: AttemptKind): Promise<readonly number[]> {
    const { group, consumer } = this.#options
    return this.#log.noteAttempts({ group, consumer: `${consumer}/${this.#life}`, partition, positions, how })
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing = true
    this.#wakeRead.abort()
    this.#wakeSync.abort()
    await this.#loop
    await Promise.all([...this.#held].map(([partition, held]) => this.#revoke(partition, held)))
    try {
      if (!this.#isSuperseded) await this.#syncLeases([], true)
    } catch (error) {
      this.#notice(
        "lease_not_released",
        "warn",
        "Could not release the leases; others take over when they run out.",
        error,
      )
    } finally {
      this.#expiry?.cancel()
      await this.#log.close()
    }
  }

  #notice(code: BusNoticeCode, level: BusNotice["level"], message: string, error?: unknown): void {
    this.#options.onNotice?.({ code, level, message, ...(error === undefined ? {} : { error }) })
  }
}
