import {
  type AxiomEvent,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterQueue,
  FabraError,
  type ReplayOutcome,
} from "@fabra/events"
import { deadLetterKey, decodeEvent, type NewDeadLetter, replayEvent } from "@fabra/events/adapter"
import type { Process } from "./process.js"
import type { Master, Server } from "./server.js"
import type { World } from "./world.js"

/** The dead-letter queue as one process sees it; it lives on the first server of the bus. */
export class SimulatedDeadLetters implements DeadLetterQueue {
  readonly #world: World
  readonly #process: Process
  readonly #publish: (event: AxiomEvent) => Promise<unknown>

  constructor(world: World, process: Process, publish: (event: AxiomEvent) => Promise<unknown>) {
    this.#world = world
    this.#process = process
    this.#publish = publish
  }

  async append(entries: readonly NewDeadLetter[]): Promise<void> {
    // Durable when it resolves: asked again until the replica has them.
    for (;;) {
      const safe = await this.#ask((master) => entries.every((entry) => addTo(this.#world, master, entry)))
      if (safe) return
      await this.#process.sleep(20)
    }
  }

  async list(_filter?: DeadLetterFilter): Promise<DeadLetterPage> {
    return { entries: await this.#ask(lettersOn), next: null }
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return this.#ask((master) => master.get<DeadLetter | null>(`letter/${id}`) ?? undefined)
  }

  async replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    const outcomes: ReplayOutcome[] = []
    for (const id of ids) {
      try {
        const entry = await this.get(id)
        if (entry !== undefined) {
          await this.#publish(replayEvent(entry))
          await this.discard([id])
        }
        outcomes.push({ id, status: entry === undefined ? "not_found" : "replayed" })
      } catch (error) {
        outcomes.push({ id, status: "failed", error: FabraError.from(error) })
      }
    }
    return outcomes
  }

  async discard(ids: readonly string[]): Promise<number> {
    return this.#ask((master) => {
      const there = ids.filter((id) => master.get(`letter/${id}`))
      for (const id of there) master.set(`letter/${id}`, null)
      return there.length
    })
  }

  async stats(): Promise<{ count: number; oldestAt: number | null }> {
    return { count: (await this.#ask(lettersOn)).length, oldestAt: null }
  }

  async #ask<T>(script: (master: Master) => T): Promise<T> {
    const answer = await this.#process.ask(this.#world.bus[0] as Server, script)
    if (answer === undefined) throw new FabraError("bus_unavailable", "The simulated queue gave no answer.")
    return answer.value
  }
}

/** Adds an entry unless it was added before; returns whether no failover can undo it. */
function addTo(world: World, master: Master, entry: NewDeadLetter): boolean {
  const key = `lettered/${deadLetterKey(entry)}`
  let known = master.get<{ operation: number }>(key)
  if (known === undefined) {
    const id = `${master.lineage}-${String(master.keys("letter/").length).padStart(6, "0")}`
    known = { operation: master.set(`letter/${id}`, { id, ...entry }) }
    master.set(key, known)
    world.tell(() => `dead letter ${id} on ${master.name}: ${key} ${entry.reason}`)
  }
  for (const feature of entry.features) world.everBuried.add(`${originOf(entry)}/${feature}`)
  return master.isReplicated(known.operation)
}

/** What stands in the queue. */
export function lettersOn(master: Master): DeadLetter[] {
  return master
    .keys("letter/")
    .map((key) => master.get<DeadLetter | null>(key))
    .filter((letter) => letter != null)
}

/** Id of the event that failed, also when it was a replay of it that failed; `undefined` for what cannot be read. */
export function originOf({ eventId, data }: NewDeadLetter): string | undefined {
  return eventId === undefined ? undefined : (decodeEvent(data).replay?.of ?? eventId)
}
