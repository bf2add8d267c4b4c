import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { createEvent, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { expect, onTestFinished, test } from "vitest"
import { AxiomWorker } from "../src/index.js"
import type { Settings } from "../src/settings.js"

/** One bus and cache under code that changes: `deploy` runs a worker whose store has these features, of these entities. */
function deployments(onDeadLetter: Settings["onDeadLetter"]) {
  const bus = new MemoryEventBus({ partitions: 1 })
  const cache = new MemoryFeatureCache()
  let running: AxiomWorker | undefined
  onTestFinished(() => running?.stop())
  const deploy = async (features: Readonly<Record<string, "works" | "fails">>, entity = "User") => {
    await running?.stop()
    const store = new FeatureStore({ cache })
    const entities = { [entity]: store.entity(entity, { key: "id" }) }
    for (const [name, how] of Object.entries(features)) {
      store.feature(name, {
        entity: entities[entity] as never,
        trigger: "x",
        initial: 0,
        maxRetries: 0,
        compute: (_id, _event, { current }) => {
          if (how === "fails") throw new Error("bug")
          return (current as number) + 1
        },
      })
    }
    const worker = new AxiomWorker(store, { bus, cache, onDeadLetter, logger: silent, retryBaseMs: 1 })
    running = worker
    worker.run()
    await worker.idle()
    return store
  }
  const publish = async (eventId: string) => {
    await bus.publish(createEvent({ eventType: "x", entityId: "ann", eventId }))
    await running?.idle()
  }
  const letters = async () => (await bus.deadLetters.list()).entries
  const all = async (what: "replay" | "discard") => {
    const answer = await bus.deadLetters[what]((await letters()).map(({ id }) => id))
    await running?.idle()
    return answer
  }
  return { bus, cache, deploy, publish, letters, all }
}

test("halt-entity: discarding the failure of a feature that was renamed lets its entity go on", async () => {
  const { deploy, publish, letters, all } = deployments("halt-entity")
  await deploy({ total: "works", risk: "fails" })
  await publish("e1")
  const store = await deploy({ total: "works", risk_v2: "works" })
  await publish("e2")
  expect((await letters()).map(({ eventId, reason }) => [eventId, reason])).toEqual([
    ["e1", "handler_failed"],
    ["e2", "entity_halted"],
  ])
  await all("discard")
  await publish("e3")
  expect(await letters()).toEqual([])
  expect(await store.getFeature("total", "ann")).toBe(2) // e1 and e3: e2 was discarded
})

test.each(["continue", "halt-entity"] as const)(
  "%s: a replay aimed at a feature that is gone is a dead letter again, which says so, and is kept",
  async (how) => {
    const { deploy, publish, letters, all } = deployments(how)
    await deploy({ total: "works", risk: "fails", rate: "fails" })
    await publish("e1")
    let store = await deploy({ total: "works", rate: "works" })
    await all("replay")
    expect([await store.getFeature("total", "ann"), await store.getFeature("rate", "ann")]).toEqual([1, 1])
    expect(await letters()).toMatchObject([
      {
        features: ["risk"],
        error: { message: expect.stringMatching(/^User has no feature "risk" that "x" triggers\. If it was renamed/) },
      },
    ])
    // Once it is there again the replay repairs it.
    store = await deploy({ total: "works", risk: "works", rate: "works" })
    await all("replay")
    expect(await store.getFeature("risk", "ann")).toBe(1)
    expect(await letters()).toEqual([])
    await publish("e2")
    expect(await store.getFeature("total", "ann")).toBe(2)
  },
)

test("a failure of an entity that is gone too can be discarded", async () => {
  const { cache, deploy, publish, letters, all } = deployments("halt-entity")
  await deploy({ risk: "fails" })
  await publish("e1")
  await deploy({ balance: "works" }, "Account")
  await all("replay")
  expect(await letters()).toHaveLength(1)
  await all("discard")
  expect(await letters()).toEqual([])
  const [record] = await cache.load([{ entityType: "User", entityId: "ann" }], "fabra_workers")
  expect(record?.flags).toEqual(new Set())
})

test("a replay published by an earlier version, which does not tell the entity, is settled as before", async () => {
  const { bus, deploy, publish, letters } = deployments("continue")
  await deploy({ risk: "fails" })
  await publish("e1")
  await deploy({ total: "works" })
  const replay = { of: "e1", group: "fabra_workers", features: ["risk"] }
  await bus.publish({ ...createEvent({ eventType: "x", entityId: "ann", eventId: "r1" }), replay })
  await publish("e2")
  expect(await letters()).toHaveLength(1)
})
