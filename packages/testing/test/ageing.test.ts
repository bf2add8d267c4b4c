import { type Entity, FeatureStore, type MemoryFeatureCache } from "@fabra/core"
import type { WholeRecord } from "@fabra/core/adapter"
import { defineEvent } from "@fabra/events"
import { expect, onTestFinished, test } from "vitest"
import { createTestKit } from "../src/index.js"

const seen = defineEvent<{ page: string }>("seen")

function shop(define: (store: FeatureStore, Visitor: Entity) => void = () => {}) {
  const store = new FeatureStore()
  const Visitor = store.entity("Visitor", { key: "visitor_id" })
  const visits = store.feature("visits", {
    entity: Visitor,
    trigger: seen,
    initial: 0,
    ttl: "1h",
    compute: (_id, _event, { current }) => current + 1,
  })
  define(store, Visitor)
  const kit = createTestKit(store, { now: "2026-01-01T00:00:00Z" })
  onTestFinished(() => kit.close())
  const cache = store.cache as MemoryFeatureCache
  const see = (entityId: string) => kit.give(seen.create({ entityId, payload: { page: "/" } }))
  const known = async () => (await store.cache.entities("Visitor")).ids
  return { store, cache, Visitor, visits, kit, see, known }
}

test("entities that nobody has touched for their ttl are gone, and known again when they come", async () => {
  const { cache, visits, kit, see, known } = shop()
  await see("ann")
  await kit.advance("50m")
  await see("bob")
  await kit.advance("20m")
  expect(await known()).toEqual(["bob"])
  expect(await cache.inspect([{ entityType: "Visitor", entityId: "ann" }])).toMatchObject([{ version: null }])
  await see("ann")
  await see("ann")
  expect(await kit.read(visits, "ann")).toBe(2)
  expect(await known()).toEqual(["bob", "ann"])
  await kit.advance("2h")
  expect(await known()).toEqual([])
})

test("a cache that does not remove records keeps them, and their values are gone all the same", async () => {
  const { store, cache, visits, kit: other, known } = shop()
  await other.close()
  Object.assign(cache, { capabilities: { ...cache.capabilities, removesRecords: false } })
  const kit = createTestKit(store, { now: "2026-01-01T00:00:00Z" })
  onTestFinished(() => kit.close())
  await kit.give(seen.create({ entityId: "ann", payload: { page: "/" } }))
  await kit.advance("3h")
  expect(await known()).toEqual(["ann"])
  expect(await kit.read(visits, "ann")).toBe(0)
})

test("entities stay that have a feature without ttl, or a dead letter", async () => {
  const { store, Visitor, kit, see, known } = shop()
  const name = store.feature("name", { entity: Visitor })
  store.feature("fragile", {
    entity: Visitor,
    trigger: "broken",
    maxRetries: 0,
    compute: () => Promise.reject(new Error("broken")),
  })
  for (const id of ["named", "failed", "gone"]) await see(id)
  await store.setFeature(name, "named", "Ann")
  await kit.give({ ...seen.create({ entityId: "failed", payload: { page: "/" } }), eventType: "broken" })
  expect(await kit.deadLetters()).toHaveLength(1)
  await kit.advance("2h")
  expect(await known()).toEqual(["named", "failed"])
})

test("R2: a record that was removed does not pass for one that the cache has lost", async () => {
  const { cache, visits, kit, see } = shop()
  await see("ann")
  await kit.advance("3s") // the checkpoint is stored
  const [{ key, version }] = (await cache.inspect([{ entityType: "Visitor", entityId: "ann" }])) as [WholeRecord]
  await cache.remove([{ key, version: version as string, token: "r", tombstones: [] }])
  await see("ann")
  expect(await kit.read(visits, "ann")).toBe(1)
  expect(kit.warnings).toEqual([])
})

test("a run on schedule that makes a record anew keeps what was left of those before", async () => {
  const entities = () => ({ ids: ["ann"], next: null })
  const { store, cache, kit, see } = shop((store, entity) => {
    store.feature("stats", { entity, refresh: "1m", materialize: true, entities, compute: () => 1 })
  })
  const key = { entityType: "Visitor", entityId: "ann" }
  await store.cache.write([{ key, token: "w", values: new Map() }])
  const [{ version }] = (await cache.inspect([key])) as [WholeRecord]
  const tombstones = [{ group: "fabra_workers", before: null, after: '{"3":["9"]}' }]
  await cache.remove([{ key, version: version as string, token: "r", tombstones }])
  await see("bob")
  await kit.advance("2m")
  const [record] = (await cache.inspect([key])) as [WholeRecord]
  expect(record.parts.get("fabra_workers")?.state).toBe('{"3":["9"]}')
})
