import { createEvent, type JsonObject } from "@fabra/events"
import { makeStore } from "./features.js"
import { ENTITIES, type Plan, type PlannedEvent } from "./plan.js"
import { Process } from "./process.js"
import type { Server } from "./server.js"
import { appendRubbish, SimulatedBus } from "./simulated-bus.js"
import type { World } from "./world.js"

/** What clients were told, for the check to hold the system to. */
export class Told {
  /** Ids of events whose publish was acknowledged. */
  readonly published = new Set<string>()
  /** Direct writes that were acknowledged. */
  readonly written: { readonly mark: string; readonly entity: string; readonly feature: string }[] = []
}

/** Starts everybody who is no worker: publishers, direct writers, an operator. */
export function startClients(world: World, plan: Plan): Told {
  const told = new Told()
  const { random, scheduler } = world
  const start = (at: number, run: (process: Process) => Promise<void>) => {
    scheduler.at(at, () => {
      world.pending++
      run(new Process(world, "client")).then(
        () => world.pending--,
        (error: Error) => world.violated("fault", `a client ended: ${error.stack}`),
      )
    })
  }
  for (const event of plan.events) {
    start(plan.near(), async (process) => {
      await publish(world, process, event)
      told.published.add(event.id)
      if (!random.chance(0.15)) return
      await process.sleep(random.int(50, 2500))
      await publish(world, process, event)
    })
  }
  if (random.chance(0.3)) {
    const server = random.pick(world.bus)
    start(plan.near(), async (process) => {
      await process.ask(server, (master) => appendRubbish(world, master, random.pick(["", "{", '{"event_type":"x"}'])))
    })
  }
  if (world.configuration.calm) return told
  for (let i = random.int(0, 3); i > 0; i--) {
    const write = { mark: `S${i}`, entity: random.pick(ENTITIES), feature: random.pick(["a1", "b1"]) }
    start(plan.near(), (process) => writeDirectly(world, process, write, told))
  }
  for (let i = 3; i > 0; i--) start(random.int(2000, 14_500), (process) => replayDeadLetters(world, process))
  return told
}

/** Publishes an event until the bus says that it has it. */
async function publish(world: World, process: Process, planned: PlannedEvent): Promise<void> {
  const { id, entity, type, mode, targets, isUnkeyed } = planned
  const bus = new SimulatedBus(world, process)
  const payload: JsonObject = world.configuration.keys ? { mode, targets: [...targets], isUnkeyed } : { mode }
  const event = createEvent({ eventType: type, entityId: entity, eventId: id, payload, timestamp: process.now() })
  for (;;) {
    const [result] = await bus.publish([event])
    if (result?.ok) return
    await process.sleep(world.random.int(10, 1000))
  }
}

async function writeDirectly(
  world: World,
  process: Process,
  write: Told["written"][number],
  told: Told,
): Promise<void> {
  const store = makeStore(world, process, write.feature === "b1" ? "B" : "A")
  try {
    await store.setFeature(write.feature, write.entity, [write.mark])
    told.written.push(write)
  } catch {
    // It may have been set or not.
  }
}

/** Replays most of what stands in the queue, some of it twice: by two operators who do not know of each other. */
async function replayDeadLetters(world: World, process: Process): Promise<void> {
  const { random } = world
  const queue = new SimulatedBus(world, process).deadLetters
  try {
    const { entries } = await queue.list()
    // Whoever replays what has killed one worker after the other would do it all over again.
    const repairable = entries.filter(({ reason }) => reason !== "worker_crashed")
    for (const { id } of repairable.filter(() => random.chance(0.8))) {
      world.tell(() => `replay of dead letter ${id}`)
      const twice = random.chance(0.3) ? [queue.replay([id]), queue.replay([id])] : [queue.replay([id])]
      await Promise.all(twice)
    }
  } catch {
    // The next look at the queue finds what was not replayed.
  }
}

/** The server that an execution's dead letters live on. */
export function queueServer(world: World): Server {
  return world.bus[0] as Server
}
