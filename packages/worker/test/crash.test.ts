import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { MemoryEventBus, systemClock } from "@fabra/events"
import type { SubscribeOptions } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { setup } from "./support.js"

const MADE_AT = 1_764_000_000_000
/** Position of the n-th event of a partition of a memory bus made at that time. */
const nth = (n: number) => String(1_000 * MADE_AT + n)

/** A bus on which the last owner of every partition is always taken for dead, and whose events have these notes. */
class Haunted extends MemoryEventBus {
  readonly notes: string[] = []
  readonly #deaths: (position: string) => number
  constructor(deaths: (position: string) => number) {
    super({ partitions: 2, clock: { ...systemClock, now: () => MADE_AT } })
    this.#deaths = deaths
  }
  override async subscribe(options: SubscribeOptions) {
    const subscription = await super.subscribe({
      ...options,
      onAssigned: (assignment) => options.onAssigned({ ...assignment, quarantineUntil: nth(3) }),
    })
    subscription.noteAttempt = async (_partition, position) => {
      this.notes.push(position)
      return this.#deaths(position) + 1
    }
    return subscription
  }
}

function shop(bus: Haunted) {
  const all = setup({ bus })
  const running = new Set<string>()
  const most = { atOnce: 0 }
  const chain = all.store.feature("chain", {
    entity: all.User,
    trigger: "x",
    initial: [] as string[],
    compute: async (_id, event, { current }) => {
      running.add(event.eventId)
      most.atOnce = Math.max(most.atOnce, running.size)
      await new Promise((resolve) => setTimeout(resolve, 2))
      running.delete(event.eventId)
      return [...current, event.eventId]
    },
  })
  return { ...all, chain, most }
}

test("R13: where the last owner died events are noted and run one at a time, further on they are not", async () => {
  const bus = new Haunted(() => 0)
  const { store, chain, most, publish, start } = shop(bus)
  const entities = ["a", "b", "c", "d"]
  for (const [i, id] of entities.entries()) await publish("x", id, {}, `e${i}`)
  const { worker } = start()
  await worker.idle()
  expect(most.atOnce).toBe(1)
  expect(bus.notes).toHaveLength(4)
  for (const round of [1, 2, 3]) for (const id of entities) await publish("x", id, {}, `${id}${round}`)
  await worker.idle()
  expect(most.atOnce).toBeGreaterThan(1)
  expect(bus.notes.length).toBeLessThanOrEqual(6) // three positions in each of two partitions
  for (const [i, id] of entities.entries()) {
    expect(await store.getFeature(chain, id)).toEqual([`e${i}`, `${id}1`, `${id}2`, `${id}3`])
  }
})

test("R13: an event that killed one worker after the other is a dead letter; its neighbours are applied", async () => {
  const bus = new Haunted((position) => (position === nth(2) ? 3 : 2))
  const { store, chain, publish, start } = shop(bus)
  for (const id of ["e1", "e2", "e3"]) await publish("x", "ann", {}, id)
  const { worker } = start()
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(["e1", "e3"])
  const { entries } = await bus.deadLetters.list()
  expect(entries).toMatchObject([
    { eventId: "e2", reason: "worker_crashed", attempts: 3, features: ["chain"], error: { message: /3 workers died/ } },
  ])
  await bus.deadLetters.replay([entries[0]?.id as string])
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(["e1", "e3", "e2"])
})

test("a process whose event loop stands still is killed by its watchdog", async () => {
  const script = `
    import { startWatchdog } from ${JSON.stringify(fileURLToPath(new URL("../src/observe/watchdog.ts", import.meta.url)))}
    startWatchdog(200)
    setTimeout(() => { console.log("stuck"); for (;;); }, 300)
  `
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script])
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(String(chunk)))
  const [, signal] = await once(child, "close")
  expect(output.join("")).toMatch(/stuck.*stood still for 200 ms/s)
  expect(signal).toBe("SIGKILL")
})
