import { createEvent } from "@fabra/events"
import { expect, test } from "vitest"
import { dryRun } from "../src/index.js"
import { setup } from "./support.js"

/** A store with teams too, whose members are counted by whatever `join` does in a handler of a User. */
function teams(join: (s: ReturnType<typeof setup>["store"], teamId: string) => Promise<unknown>) {
  const all = setup()
  const Team = all.store.entity("Team", { key: "team_id" })
  const members = all.store.feature("members", { entity: Team, initial: 0 })
  all.store.feature("joined", {
    entity: all.User,
    trigger: "joined",
    maxRetries: 0,
    compute: async () => {
      await join(all.store, "t1")
      return true
    },
  })
  return { ...all, members }
}

test("a handler that sets a feature of another entity is refused, and told to publish an event for it", async () => {
  const { store, bus, members, start, publish } = teams(async (s, team) =>
    s.setFeature("members", team, Number(await s.getFeature("members", team)) + 1),
  )
  const { worker } = start()
  for (let i = 0; i < 20; i++) await publish("joined", `u${i}`)
  await worker.idle()
  expect(await store.getFeature(members, "t1")).toBe(0) // not 7 of 20
  const { entries } = await bus.deadLetters.list()
  expect(entries).toHaveLength(20)
  const refused = entries.find(({ entityId }) => entityId === "u3")
  expect(refused?.error.message).toBe(
    '"members" of Team "t1" is outside of the transaction of this handler of User "u3", which would lose updates. ' +
      'Publish an event for Team "t1" that triggers "members", or pass { outsideTransaction: true } to overwrite it.',
  )
})

test("a handler that says it is outside overwrites a feature of another entity; a dry run does not", async () => {
  const { store, members, start, publish } = teams((s, team) =>
    s.setFeature("members", team, 7, { outsideTransaction: true }),
  )
  const event = createEvent({ eventType: "joined", entityId: "ann" })
  expect(await dryRun(store, event)).toMatchObject({ failures: [] })
  expect(await store.getFeature(members, "t1")).toBe(0)
  const { worker } = start()
  await publish("joined", "ann")
  await worker.idle()
  expect(await store.getFeature(members, "t1")).toBe(7)
})

test("a handler that has ended sets nothing any more, also outside of its transaction", async () => {
  let late: Promise<void> | undefined
  const { store, members, start, publish } = teams(async (s, team) => {
    late = new Promise((resolve) => setTimeout(resolve, 20)).then(() =>
      s.setFeature("members", team, 7, { outsideTransaction: true }),
    )
    late.catch(() => {})
  })
  const { worker } = start()
  await publish("joined", "ann")
  await worker.idle()
  await expect(late).rejects.toThrow('The handler of "joined" has ended.')
  expect(await store.getFeature(members, "t1")).toBe(0)
})

test("the handler's own entity cannot be set from outside: it would wait for itself", async () => {
  const { store, User, bus, start, publish } = setup()
  const note = store.feature("note", { entity: User })
  store.feature("seen", {
    entity: User,
    trigger: "x",
    maxRetries: 0,
    compute: (id) => store.setFeature(note, id, "hello", { outsideTransaction: true }),
  })
  const { worker } = start()
  await publish("x", "ann")
  await worker.idle()
  expect((await bus.deadLetters.list()).entries[0]?.error.message).toBe(
    '"note" is of the handler\'s own User "ann": use context.set, or leave out outsideTransaction.',
  )
  await store.setFeature(note, "ann", "hello", { outsideTransaction: true }) // outside of handlers it changes nothing
  expect(await store.getFeature(note, "ann")).toBe("hello")
})

test("values of its own entity, read with their times in a handler, are those of its transaction", async () => {
  const { store, User, start, publish } = setup()
  const count = store.feature("count", {
    entity: User,
    trigger: "x",
    default: 0,
    compute: async (id) => (await store.getFeatureValue(store.registry.feature("count"), id)).value + 1,
  })
  const both = store.feature("both", {
    entity: User,
    trigger: "x",
    compute: async (id, _event, { get }) => {
      const [own, other] = await store.getFeatures([count], [id, "bob"])
      return [own?.features.count.value === get(count), own?.features.count.status, other?.features.count.status]
    },
  })
  const { worker } = start()
  for (let i = 0; i < 1000; i++) await publish("x", "ann")
  await worker.idle()
  expect(await store.getFeature(count, "ann")).toBe(1000)
  expect(await store.getFeature(both, "ann")).toEqual([true, "PRESENT", "DEFAULT"])
})
