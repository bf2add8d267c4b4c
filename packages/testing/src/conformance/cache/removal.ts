import {
  canRemove,
  type EntityKey,
  type EntityRemoval,
  type RemovingCache,
  type Tombstone,
  type WholeRecord,
} from "@fabra/core/adapter"
import { expect } from "vitest"
import { type CacheWorld, type Check, user, value } from "./world.js"

/** Records that are looked at as a whole, and removed; of a cache that does not claim to remove them, that they stay. */
export function testRemoval(declare: Check): void {
  const check: Check = (title, run) =>
    declare(title, (world) => (canRemove(world.cache) ? run(world) : keepsRecords(world)))

  check("shows the whole of a record, and none where there is none", async (world) => {
    await world.apply(user(1), {
      group: "one",
      state: "of one",
      addFlags: ["a", "b/c"],
      values: new Map([["x", value("1")]]),
    })
    await world.apply(user(1), { group: "two", state: "of two", values: new Map([["y", value("2", 5)]]) })
    const record = await inspect(world)
    expect(record).toMatchObject({ key: user(1), version: expect.any(String), writtenDirectly: false })
    expect(record.parts).toEqual(
      new Map([
        ["one", { state: "of one", flags: new Set(["a", "b/c"]) }],
        ["two", { state: "of two", flags: new Set() }],
      ]),
    )
    expect(new Map(record.values)).toEqual(
      new Map([
        ["x", value("1")],
        ["y", value("2", 5)],
      ]),
    )
    await world.write(user(1))
    expect(await inspect(world)).toMatchObject({ writtenDirectly: true })
    const none = await inspect(world, user(2))
    expect(none).toMatchObject({ version: null, writtenDirectly: false })
    expect([none.parts.size, none.values.size, none.tombstones.size]).toEqual([0, 0, 0])
  })

  check("removes a record and its id", async (world) => {
    for (const id of ["gone", "stays"])
      await world.apply(user(id), { state: "old", values: new Map([["x", value("1")]]) })
    await remove(world, user("gone"))
    expect(await world.cache.entities("User")).toMatchObject({ ids: ["stays"] })
    expect(await world.cache.read([user("gone"), user("stays")], ["x"])).toEqual([[undefined], [value("1")]])
    expect(await world.load(user("gone"))).toMatchObject({ state: null, flags: new Set(), values: new Map() })
    expect(await inspect(world, user("gone"))).toMatchObject({ version: null })
  })

  check("removes nothing that has changed since it was looked at", async (world) => {
    const changes: (() => Promise<unknown>)[] = [
      () => world.apply(user(1), { group: "one" }),
      () => world.apply(user(1), { group: "two" }),
      () => world.apply(user(1), { group: "three" }),
      () => world.write(user(1)),
      () => world.write(user(1)),
    ]
    await world.apply(user(1), { group: "one", values: new Map([["x", value("1")]]) })
    await world.apply(user(1), { group: "two" })
    for (const change of changes) {
      const record = await inspect(world)
      await change()
      expect(await removing(world).remove([removalOf(world, record)])).toEqual([{ status: "conflict" }])
      expect(await world.cache.read([user(1)], ["x"])).toEqual([[value("1")]])
    }
    expect(await world.cache.entities("User")).toMatchObject({ ids: ["1"] })
  })

  check("gives what was left to whoever has no part in a record", async (world) => {
    await world.apply(user(1), { group: "one", state: "of one" })
    await world.apply(user(2), { group: "two", state: "of two" })
    await remove(world, user(1), [{ group: "one", before: null, after: "left of one" }])
    expect(await world.load(user(1), "one")).toMatchObject({ state: null, tombstone: "left of one" })
    expect(await world.load(user(2), "one")).toMatchObject({ state: null, tombstone: "left of one" })
    expect(await world.load(user(2), "two")).toMatchObject({ state: "of two", tombstone: null })
    expect(await world.load(user(1), "two")).toMatchObject({ state: null, tombstone: null })
    expect((await inspect(world, user(3))).tombstones).toEqual(new Map([["one", "left of one"]]))
  })

  check("gives it also to other clients, before they can change anything", async (world) => {
    const other = await world.other()
    await other.load([user(1), user(2)], "group") // it may believe that nothing was ever removed
    await world.apply(user(1))
    await remove(world, user(1), [{ group: "group", before: null, after: "left" }])
    for (const key of [user(1), user(2)]) {
      for (;;) {
        const record = await world.load(key, "group", other)
        const [result] = await other.commit([world.change(key, record.version)])
        if (result?.status === "conflict") continue
        expect(result?.status).toBe("applied")
        expect(record.tombstone).toBe("left")
        break
      }
    }
  })

  check("refuses what was computed before a removal", async (world) => {
    const never = (await world.load(user(1))).version
    const before = await world.apply(user(1), { state: "old", values: new Map([["x", value("1")]]) })
    await remove(world, user(1))
    await world.refuse(user(1), never)
    await world.refuse(user(1), before)
    const { version } = await world.load(user(1))
    await world.apply(user(1))
    await remove(world, user(1))
    for (const old of [never, before, version]) await world.refuse(user(1), old)
    expect(await world.cache.entities("User")).toEqual({ ids: [], next: null })
  })

  check("makes a record anew, with its id", async (world) => {
    for (const id of ["committed", "written"]) await world.apply(user(id), { values: new Map([["x", value("old")]]) })
    for (const id of ["committed", "written"]) await remove(world, user(id))
    const { version } = await world.load(user("committed"))
    await world.applyOn(user("committed"), version, { state: "new", values: new Map([["y", value("new")]]) })
    await world.write(user("written"), new Map([["y", value("new")]]))
    expect(await world.load(user("committed"))).toMatchObject({ state: "new", tombstone: null })
    expect(await world.cache.read([user("committed"), user("written")], ["x", "y"])).toEqual([
      [undefined, value("new")],
      [undefined, value("new")],
    ])
    expect([...(await world.cache.entities("User")).ids].sort()).toEqual(["committed", "written"])
  })

  check("puts nothing in the place of tombstones that are others than were read", async (world) => {
    const [one, two] = ["one", "two"].map((after) => ({ group: "group", before: null, after })) as [
      Tombstone,
      Tombstone,
    ]
    for (const id of [1, 2, 3]) await world.apply(user(id))
    const records = await Promise.all([1, 2, 3].map((id) => inspect(world, user(id))))
    const removals = records.map((record, i) => removalOf(world, record, [i === 1 ? two : one]))
    const results = await removing(world).remove(removals)
    expect(results.map(({ status }) => status)).toEqual(["removed", "conflict", "removed"])
    expect((await inspect(world)).tombstones).toEqual(new Map([["group", "one"]]))
    await remove(world, user(2), [{ group: "group", before: "one", after: "two" }])
    expect((await inspect(world)).tombstones).toEqual(new Map([["group", "two"]]))
  })

  check("changes nothing when a removal comes again", async (world) => {
    await world.apply(user(1))
    const left = [{ group: "group", before: null, after: "left" }]
    const removal = removalOf(world, await inspect(world), left)
    expect(await removing(world).remove([removal])).toEqual([{ status: "removed" }])
    const { version } = await world.load(user(1))
    await world.applyOn(user(1), version, { values: new Map([["x", value("new")]]) })
    expect(await removing(world).remove([removal])).toEqual([{ status: "conflict" }])
    expect(await world.cache.read([user(1)], ["x"])).toEqual([[value("new")]])
  })

  check("misses no entity while others go", async (world) => {
    const ids = Array.from({ length: 60 }, (_, n) => `id-${n}`)
    await world.cache.commit(ids.map((id) => world.change(user(id), null)))
    const seen = new Set<string>()
    let after: string | null = null
    for (let i = 0; i === 0 || after !== null; i++) {
      const page = await world.cache.entities("User", { limit: 10, after: after ?? undefined })
      for (const id of page.ids) seen.add(id)
      after = page.next
      const going = [...seen].filter((_, n) => n % 2 === 0).slice(i * 4, i * 4 + 4)
      for (const id of going) if ((await inspect(world, user(id))).version !== null) await remove(world, user(id))
    }
    expect(ids.filter((id) => !seen.has(id))).toEqual([])
  })
}

/** The opposite of removal: no way to remove a record, and none is gone. */
async function keepsRecords(world: CacheWorld): Promise<void> {
  const { inspect, remove } = world.cache as Partial<RemovingCache>
  expect([inspect, remove]).toEqual([undefined, undefined])
  await world.apply(user(1), { group: "one", state: "of one" })
  const [one, two] = [await world.load(user(1), "one"), await world.load(user(1), "two")]
  expect([one.tombstone ?? null, two.tombstone ?? null]).toEqual([null, null])
  expect(one.state).toBe("of one")
}

const removing = (world: CacheWorld) => world.cache as RemovingCache

async function inspect(world: CacheWorld, key = user(1)): Promise<WholeRecord> {
  return (await removing(world).inspect([key]))[0] as WholeRecord
}

function removalOf(
  world: CacheWorld,
  { key, version }: WholeRecord,
  tombstones: readonly Tombstone[] = [],
): EntityRemoval {
  return { key, version: version as string, token: world.newToken(), tombstones }
}

async function remove(world: CacheWorld, key: EntityKey, tombstones: readonly Tombstone[] = []): Promise<void> {
  const removal = removalOf(world, await inspect(world, key), tombstones)
  expect(await removing(world).remove([removal])).toEqual([{ status: "removed" }])
}
