import {
  type AxiomEvent,
  type DeadLetterQueue,
  FabraError,
  type PartitionLag,
  type Position,
  type PublishOptions,
  type PublishResult,
} from "@fabra/events"
import {
  BaseEventBus,
  type BusCapabilities,
  type EncodedEvent,
  LogSubscription,
  partitionOf,
  type SubscribeOptions,
  type Subscription,
} from "@fabra/events/adapter"
import type { Process } from "./process.js"
import type { Master, Server } from "./server.js"
import { SimulatedDeadLetters } from "./simulated-dead-letters.js"
import { checkpointKey, SimulatedLog } from "./simulated-log.js"
import { PARTITIONS, type World } from "./world.js"

/** The bus as one process sees it; shares of partitions are kept by the same code as on every real log. */
export class SimulatedBus extends BaseEventBus {
  readonly capabilities: BusCapabilities = {
    name: "simulated",
    persistent: true,
    shared: true,
    durableReads: "confirmed",
    dedupeWindowMs: 120_000,
    maxEventBytes: 10_000,
  }
  readonly deadLetters: DeadLetterQueue
  readonly #world: World
  readonly #process: Process

  constructor(world: World, process: Process) {
    super()
    this.#world = world
    this.#process = process
    this.deadLetters = new SimulatedDeadLetters(world, process, (event) => this.#publishSafely(event))
  }

  protected append(events: readonly EncodedEvent[], options: PublishOptions): Promise<PublishResult[]> {
    return Promise.all(events.map((event) => this.#appendOne(event, options.durability === "replicated")))
  }

  async #appendOne({ eventId, entityId, data }: EncodedEvent, replicated: boolean): Promise<PublishResult> {
    const partition = partitionOf(entityId, PARTITIONS)
    const server = this.#world.bus[partition] as Server
    for (;;) {
      const answer = await this.#process.ask(server, (master) => appendTo(this.#world, master, eventId, data))
      if (answer === undefined) {
        return { ok: false, eventId, error: new FabraError("publish_unknown", "The simulated bus gave no answer.") }
      }
      const { position, duplicate, safe } = answer.value
      if (safe || !replicated) return { ok: true, eventId, partition, position, duplicate }
      await this.#process.sleep(20)
    }
  }

  /** A replay takes the dead letter's place, so it must be as durable. */
  async #publishSafely(event: AxiomEvent): Promise<void> {
    await this.publish(event, { durability: "replicated" })
  }

  subscribe(options: SubscribeOptions): Promise<Subscription> {
    return LogSubscription.open(new SimulatedLog(this.#world, this.#process), options, this.#process)
  }

  async lag(): Promise<PartitionLag[]> {
    return []
  }

  async checkpoints(group: string): Promise<(Position | null)[]> {
    const key = checkpointKey(group)
    const asked = this.#world.bus.map((server) => this.#process.ask(server, (master) => master.get<Position>(key)))
    return (await Promise.all(asked)).map((answer) => {
      if (answer === undefined) throw new FabraError("bus_unavailable", "The simulated bus gave no answer.")
      return answer.value ?? null
    })
  }

  /** Nobody asks here. */
  async groups(): Promise<string[]> {
    return []
  }

  async removeGroup(): Promise<boolean> {
    return false
  }

  async close(): Promise<void> {}
}

/** What was published under an id. */
interface Published {
  readonly position: string
  readonly operation: number
}

function appendTo(world: World, master: Master, eventId: string, data: string) {
  const key = `published/${eventId}`
  let known = master.get<Published>(key)
  const duplicate = known !== undefined
  if (known === undefined) {
    known = master.append(data)
    master.set(key, known)
    master.server.announce(master, known.operation)
    const { position } = known
    world.tell(() => `${master.name} accepts ${eventId} at ${position}: ${data}`)
  }
  return { position: known.position, duplicate, safe: master.isReplicated(known.operation) }
}

/** Something that no publisher of ours has written. */
export function appendRubbish(world: World, master: Master, data: string): void {
  const { position, operation } = master.append(data)
  master.server.announce(master, operation)
  world.tell(() => `${master.name} accepts rubbish at ${position}: ${data}`)
}
