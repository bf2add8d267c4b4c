import { FeatureStore } from "@fabra/core"
import { createEvent } from "@fabra/events"
import { eraseEntity } from "@fabra/worker"
import { expect, onTestFinished, test } from "vitest"
import { createTestKit } from "../src/index.js"

/** A kit, whose time an erasure needs to go on. */
function shop() {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const count = store.feature("count", {
    entity: User,
    trigger: "x",
    initial: 0,
    compute: (_id, _event, { current, set }) => {
      set("free_key", "personal")
      return current + 1
    },
  })
  store.feature("fragile", {
    ...{ entity: User, trigger: "break", maxRetries: 0 },
    compute: () => Promise.reject(new Error("broken")),
  })
  store.vectorIndex("notes")
  const kit = createTestKit(store)
  onTestFinished(() => kit.close())
  const give = (eventType: string, entityId = "ann") => kit.give(createEvent({ eventType, entityId }))
  const erase = async (indexes: readonly string[] = []) => {
    const erased = eraseEntity(store, "User", "ann", { bus: kit.bus, indexes })
    erased.catch(() => {})
    await kit.advance("5s")
    return await erased
  }
  return { store, count, kit, give, erase }
}

test("record, id, dead letters and documents of an entity are gone; others stay, and later events start afresh", async () => {
  const { store, count, kit, give, erase } = shop()
  for (const id of ["ann", "bob"]) {
    await give("x", id)
    await give("x", id)
    await give("break", id)
    await store.index("notes", id, `a note about ${id}`)
  }
  expect(await erase(["notes"])).toEqual({ record: "removed", deadLetters: 1, indexes: ["notes"], groupsBehind: [] })
  expect((await store.cache.entities("User")).ids).toEqual(["bob"])
  expect((await kit.deadLetters()).map(({ entityId }) => entityId)).toEqual(["bob"])
  expect((await store.search("notes", { text: "note" })).map(({ entityId }) => entityId)).toEqual(["bob"])
  await give("x")
  expect(await kit.read(count, "ann")).toBe(1)
  expect(await kit.read(count, "bob")).toBe(2)
  expect(kit.warnings.filter((warning) => warning !== "dead letter")).toEqual([])
})

test("a second erasure finds nothing; an unknown entity, index or id is refused before anything is done", async () => {
  const { store, give, kit, erase } = shop()
  await give("x")
  await erase()
  expect(await erase()).toMatchObject({ record: "none", deadLetters: 0 })
  const options = { bus: kit.bus }
  await expect(eraseEntity(store, "Usr", "ann", options)).rejects.toMatchObject({ code: "unknown_entity" })
  await expect(eraseEntity(store, "User", "", options)).rejects.toMatchObject({ code: "invalid_argument" })
  const absent = eraseEntity(store, "User", "ann", { ...options, indexes: ["absent"] })
  await expect(absent).rejects.toMatchObject({ code: "unknown_index" })
})

test("what fails while it waits is discarded too, and brings no record back", async () => {
  const { kit, store, erase } = shop()
  for (const eventType of ["x", "break"]) await kit.bus.publish(createEvent({ eventType, entityId: "ann" }))
  expect(await erase()).toMatchObject({ record: "removed", deadLetters: 1, groupsBehind: [] })
  expect(await kit.deadLetters()).toEqual([])
  expect((await store.cache.entities("User")).ids).toEqual([])
})

test("direct writes are erased with their entity", async () => {
  const { count, kit, store, give, erase } = shop()
  await store.setFeature(count, "ann", 7)
  expect(await erase()).toMatchObject({ record: "removed" })
  expect(await kit.read(count, "ann")).toBe(0)
  await give("x")
  expect(await kit.read(count, "ann")).toBe(1)
})
