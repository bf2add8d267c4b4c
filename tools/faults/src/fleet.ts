import { assignPartitions } from "@fabra/events/adapter"
import { type ConnectionPlan, PARTITIONS, type WorkerPlan } from "./plan.js"
import { TakeOvers } from "./take-overs.js"
import { until } from "./until.js"
import { type Ending, WorkerProcess } from "./worker-process.js"

const START_LIMIT_MS = 60_000
const MAX_FAILURES = 5

/** How one place in the fleet is filled, and filled again after a death. */
export interface Berth {
  readonly connection: ConnectionPlan
  /** The consumer as which each of its workers joins. Default: its worker's name. */
  readonly consumer?: string | undefined
  /** Where its worker of a life (0, 1, …) is to die. */
  readonly dieAt?: ((life: number) => WorkerPlan["dieAt"]) | undefined
}

/** The workers of a trial. One that dies is started again at once, under a new name. */
export class Fleet {
  readonly takeOvers = new TakeOvers()
  /** Workers that ended in a way that no fault explains, with their last words. */
  readonly failures: string[] = []
  deaths = 0
  readonly #onHurt: (worker: WorkerProcess, isSettled: boolean) => void
  readonly #workers: WorkerProcess[] = []
  #names = 0
  #stopping = false

  /** @param onHurt a worker has died, or is about to be kept from its work; whether the fleet was settled then */
  constructor(onHurt: (worker: WorkerProcess, isSettled: boolean) => void) {
    this.#onHurt = onHurt
  }

  /** The living ones, one of each berth. */
  get workers(): readonly WorkerProcess[] {
    return this.#workers
  }

  /** The living one of a berth, in the order of their start. */
  at(berth: number): WorkerProcess {
    return this.#workers[berth] as WorkerProcess
  }

  /** Starts workers and waits until they share all partitions. */
  async start(berths: readonly Berth[]): Promise<void> {
    this.#stopping = false
    for (const [i, berth] of berths.entries()) this.#fill(i, berth, 0)
    await until(() => this.isSettled || this.failures.length > 0, START_LIMIT_MS)
  }

  /** Every worker holds what it should hold in the end: nothing is on its way from one to another. */
  get isSettled(): boolean {
    const shares = assignPartitions(
      this.#workers.map(({ consumer }) => consumer),
      PARTITIONS,
    )
    return this.#workers.every(
      ({ consumer, owned }) => String(owned.toSorted((a, b) => a - b)) === String(shares.get(consumer)),
    )
  }

  /** Kills a worker as a crash would. */
  async killOne(worker: WorkerProcess): Promise<void> {
    worker.signal("SIGKILL")
    await worker.ended
  }

  /** Tells the fleet that a worker is kept from its work, by its death or something else. */
  hurt(worker: WorkerProcess): void {
    this.#onHurt(worker, this.isSettled)
  }

  /** Lets each finish what it has begun. */
  async stop(): Promise<void> {
    await this.#end((worker) => worker.signal("SIGTERM"))
  }

  /** Starts one more, which reads from the stored checkpoints to the log's end, and stops it. */
  async readAgain(connection: ConnectionPlan): Promise<void> {
    await this.start([{ connection }])
    await this.#end((worker) => worker.order({ finish: true }))
  }

  /** Ends what is left of them. */
  async kill(): Promise<void> {
    await this.#end((worker) => worker.signal("SIGKILL"))
  }

  async #end(how: (worker: WorkerProcess) => void): Promise<void> {
    this.#stopping = true
    const workers = this.#workers.splice(0)
    for (const worker of workers) how(worker)
    await Promise.all(workers.map(({ ended }) => ended))
  }

  #fill(index: number, berth: Berth, life: number): void {
    const name = `w${++this.#names}`
    const dieAt = berth.dieAt?.(life)
    const plan = {
      ...berth.connection,
      name,
      consumer: berth.consumer ?? name,
      ...(dieAt === undefined ? {} : { dieAt }),
    }
    const worker = new WorkerProcess(plan, (partition, at) => this.takeOvers.applied(name, partition, at))
    this.#workers[index] = worker
    worker.ended.then((ending) => {
      this.#ended(worker, ending)
      if (!this.#stopping && this.failures.length < MAX_FAILURES) this.#fill(index, berth, life + 1)
    })
  }

  #ended(worker: WorkerProcess, { code, signal, at }: Ending): void {
    if (signal === "SIGKILL") {
      this.deaths++
      this.takeOvers.died(worker.name, worker.owned, at)
      this.hurt(worker)
      // Somebody else did it: the machine is out of memory, say. What follows may be none of our trial's making.
      if (!worker.isDoomed) this.failures.push(`worker ${worker.name} was killed, and not by us`)
      return
    }
    // One that has only just been started knows no better answer to SIGTERM than to die of it.
    if (this.#stopping && (code === 0 || signal === "SIGTERM")) return
    this.failures.push([`worker ${worker.name} ended with ${signal ?? code}`, ...worker.lines].join("\n  "))
  }
}
