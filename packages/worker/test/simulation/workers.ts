import { AxiomWorker } from "../../src/index.js"
import { makeStore } from "./features.js"
import type { Group, Plan } from "./plan.js"
import { CALM_AFTER_MS } from "./plan.js"
import { Process } from "./process.js"
import { SimulatedBus } from "./simulated-bus.js"
import type { World } from "./world.js"

/** One machine that runs workers of a group, one after the other. */
class Host {
  readonly #world: World
  readonly #name: string
  readonly #group: Group
  #starts = 0
  #process: Process | undefined
  #worker: AxiomWorker | undefined

  constructor(world: World, name: string, group: Group) {
    this.#world = world
    this.#name = name
    this.#group = group
  }

  start(): void {
    const world = this.#world
    const process = new Process(world, `${this.#name}.${++this.#starts}`)
    process.onCrash = () => this.crash(world.random.int(100, 5000))
    const tell = (_fields: object, message: string) => world.tell(() => `${process.name} says: ${message}`)
    const worker = new AxiomWorker(makeStore(world, process, this.#group), {
      bus: new SimulatedBus(world, process),
      clock: process,
      consumer: world.configuration.names ? this.#name : process.name,
      group: this.#group,
      leaseMs: 4000,
      rollbackMarginMs: world.configuration.slowReplication ? 5000 : 2000,
      pollIntervalMs: 1500,
      drainMs: 600,
      retryBaseMs: 40,
      retryMaxMs: 300,
      batchSize: world.random.int(1, 5),
      logger: { info: tell, warn: tell, error: () => {} },
    })
    this.#process = process
    this.#worker = worker
    world.tell(() => `START ${process.name}`)
    worker.run().catch((error: Error & { readonly code?: string }) => {
      if (!process.alive) return
      // Clocks differ from start to start here, so that a later life may pass for an earlier one.
      if (error.code === "superseded") this.crash(world.random.int(100, 5000))
      else world.violated("fault", `${process.name} ended: ${error.stack}`)
    })
  }

  /** Kills the process; another one starts later. */
  crash(restartAfterMs: number): void {
    if (!this.#process?.alive) return
    this.#process.alive = false
    this.#world.tell(() => `CRASH of ${this.#process?.name}`)
    this.#world.scheduler.after(restartAfterMs, () => this.start())
  }

  stall(ms: number): void {
    if (!this.#process?.alive) return
    this.#process.stalledUntil = Math.max(this.#process.stalledUntil, this.#world.now + ms)
    this.#world.tell(() => `STALL of ${this.#process?.name} for ${ms} ms`)
  }

  wake(): void {
    if (this.#process) this.#process.stalledUntil = this.#world.now
  }

  /** Stops the worker as an operator does; another one starts later. */
  stop(restartAfterMs: number): void {
    const process = this.#process
    if (!process?.alive) return
    this.#world.tell(() => `STOP ${process.name}`)
    this.#worker?.stop().then(() => {
      if (!process.alive) return
      process.alive = false
      this.#world.tell(() => `${process.name} has stopped`)
      this.#world.scheduler.after(restartAfterMs, () => this.start())
    })
  }
}

/** Starts the workers of both groups, and plans what befalls them. */
export function startWorkers(world: World, plan: Plan): void {
  const { random, scheduler, configuration } = world
  const names: [string, Group][] = [
    ["a", "A"],
    ["b", "A"],
    ["d", "B"],
  ]
  if (random.chance(0.3)) names.push(["c", "A"])
  if (random.chance(0.5)) names.push(["e", "B"])
  const hosts = names.map(([name, group]) => new Host(world, name, group))
  for (const host of hosts) scheduler.at(random.int(0, 500), () => host.start())
  const befall = (count: number, what: (host: Host) => void) => {
    for (let i = 0; i < count; i++) scheduler.at(plan.near(), () => what(random.pick(hosts)))
  }
  if (configuration.calm) return
  befall(random.int(1, 3), (host) => host.stall(random.int(300, 9000)))
  befall(random.int(0, configuration.names ? 6 : 2), (host) => host.crash(random.int(100, 5000)))
  befall(random.int(0, 2), (host) => host.stop(random.int(0, 4000)))
  scheduler.at(CALM_AFTER_MS, () => {
    for (const host of hosts) host.wake()
  })
}
