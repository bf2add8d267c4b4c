import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { FabraError, MemoryEventBus, systemClock } from "@fabra/events"
import { partitionOf, type SubscribeOptions } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { setup } from "./support.js"

const MADE_AT = 1_764_000_000_000
/** Position of the n-th event of a partition of a memory bus made at that time. */
const nth = (n: number) => String(1_000 * MADE_AT + n)

/** A bus on which the last owner of every partition is always taken for dead, and each event noted by so many others. */
class Haunted extends MemoryEventBus {
  readonly notes: { readonly positions: readonly string[]; readonly how: string }[] = []
  readonly #others: (position: string) => number
  constructor(others: (position: string) => number) {
    super({ partitions: 2, clock: { ...systemClock, now: () => MADE_AT } })
    this.#others = others
  }
  override async subscribe(options: SubscribeOptions) {
    const subscription = await super.subscribe({
      ...options,
      onAssigned: (assignment) => options.onAssigned({ ...assignment, quarantineUntil: nth(3) }),
    })
    subscription.noteAttempts = async (_partition, positions, how) => {
      this.notes.push({ positions, how })
      return positions.map(this.#others)
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

test("R13: where the last owner died events are noted, many in one call, and run together", async () => {
  const bus = new Haunted(() => 0)
  const { store, chain, most, publish, start } = shop(bus)
  const entities = ["a", "b", "c", "d"]
  for (const [i, id] of entities.entries()) await publish("x", id, {}, `e${i}`)
  for (const round of [1, 2, 3]) for (const id of entities) await publish("x", id, {}, `${id}${round}`)
  const { worker } = start()
  await worker.idle()
  expect(most.atOnce).toBe(4)
  expect(bus.notes.flatMap(({ positions }) => positions)).toHaveLength(6) // three positions in each of two partitions
  expect(bus.notes.length).toBeLessThanOrEqual(4)
  expect(new Set(bus.notes.map(({ how }) => how))).toEqual(new Set(["together"]))
  for (const [i, id] of entities.entries()) {
    expect(await store.getFeature(chain, id)).toEqual([`e${i}`, `${id}1`, `${id}2`, `${id}3`])
  }
})

test("R13: what another worker noted and did not settle runs alone, and each is noted first", async () => {
  const bus = new Haunted(() => 1)
  const { store, chain, most, publish, start } = shop(bus)
  const entities = ["a", "b", "c", "d"]
  for (const id of entities) await publish("x", id, {}, `${id}1`)
  const { worker } = start()
  await worker.idle()
  expect(most.atOnce).toBe(1)
  const alone = bus.notes.filter(({ how }) => how === "alone")
  expect(alone.map(({ positions }) => positions.length)).toEqual([1, 1, 1, 1])
  for (const id of entities) expect(await store.getFeature(chain, id)).toEqual([`${id}1`])
})

test("R13: a suspect waits until no other noted event runs, and no other runs beside it", async () => {
  const bus = new Haunted((position) => (position === nth(2) ? 1 : 0))
  const { store, User, publish, start } = setup({ bus })
  const running: string[] = []
  const seen: string[][] = []
  store.feature("seen", {
    entity: User,
    trigger: "x",
    compute: async (id) => {
      running.push(id)
      seen.push([...running])
      await new Promise((resolve) => setTimeout(resolve, 20))
      running.splice(running.indexOf(id), 1)
    },
  })
  const inOne = ["a", "b", "c", "d", "e", "f"].filter((id) => partitionOf(id, 2) === 0).slice(0, 3)
  for (const id of inOne) await publish("x", id)
  const { worker } = start()
  await worker.idle()
  const [first, suspect, third] = inOne
  expect(seen).toEqual([[first], [first, third], [suspect]])
})

test("a suspect that has failed and waits holds up nobody", async () => {
  const bus = new Haunted(() => 1)
  const { store, User, publish, start } = setup({ bus })
  const applied: string[] = []
  let first: string | undefined
  store.feature("seen", {
    entity: User,
    trigger: "x",
    maxRetries: 50,
    compute: async (id) => {
      first ??= id
      if (id === first && applied.length < 3) throw new Error("no luck")
      applied.push(id)
    },
  })
  for (const id of ["a", "b", "c", "d"]) await publish("x", id, {}, `${id}1`)
  const { worker } = start()
  await worker.idle()
  expect(applied).toHaveLength(4)
  expect(applied[3]).toBe(first)
})

test("R13: a bus that does not answer is asked again", async () => {
  let calls = 0
  const bus = new Haunted(() => {
    if (++calls % 3 === 1) throw new FabraError("bus_unavailable", "down")
    return 1
  })
  const { store, chain, publish, start } = shop(bus)
  for (const id of ["a", "b", "c"]) await publish("x", id, {}, `${id}1`)
  const { worker } = start()
  await worker.idle()
  for (const id of ["a", "b", "c"]) expect(await store.getFeature(chain, id)).toEqual([`${id}1`])
})

test("R13: an event that killed one worker after the other is a dead letter; its neighbours are applied", async () => {
  const bus = new Haunted((position) => (position === nth(2) ? 4 : 3))
  const { store, chain, publish, start } = shop(bus)
  for (const id of ["e1", "e2", "e3"]) await publish("x", "ann", {}, id)
  const { worker } = start()
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(["e1", "e3"])
  const { entries } = await bus.deadLetters.list()
  expect(entries).toMatchObject([
    { eventId: "e2", reason: "worker_crashed", attempts: 4, features: ["chain"], error: { message: /4 workers died/ } },
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

test("the next life of a worker logs what it takes over, and how many events of it run in quarantine", async () => {
  const bus = new MemoryEventBus({ partitions: 2 })
  const { store, User, publish, start } = setup({ bus })
  const count = store.feature("count", {
    entity: User,
    trigger: "x",
    initial: 0,
    compute: (_id, _e, { current }) => current + 1,
  })
  const before = await bus.subscribe({
    ...{ group: "fabra_workers", consumer: "named", leaseMs: 600_000 },
    onAssigned: () => {},
    onRevoked: async () => {},
    onLost: () => {},
  })
  for (const id of ["a", "b", "c"]) await publish("x", id)
  const lines: [object, string][] = []
  const warn = (fields: object, message: string) => lines.push([fields, message])
  const { worker } = start({ consumer: "named", logger: { info: () => {}, warn, error: warn } })
  await worker.idle()
  const fields = {
    consumer: "named",
    partitions: expect.arrayContaining([0, 1]),
    silent_ms: expect.any(Number),
    events: 3,
  }
  expect(lines).toContainEqual([fields, expect.stringMatching(/^Took over partitions/)])
  expect(await store.getFeature(count, "a")).toBe(1)
  await before.close()
})
