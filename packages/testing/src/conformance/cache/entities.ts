import type { FeatureCache } from "@fabra/core"
import { expect } from "vitest"
import { type Check, user, value } from "./world.js"

/** The ids of all entities of a type. */
export function testEntities(check: Check): void {
  check("pages through every entity of a type", async (world) => {
    const ids = Array.from({ length: 250 }, (_, n) => `id-${n}`).sort()
    await world.cache.commit(ids.map((id) => world.change(user(id), null)))
    for (const limit of [1000, 250, 40, 7]) expect(await allIds(world.cache, "User", limit)).toEqual(ids)
  })

  check("refuses to page on from where no page ended", async (world) => {
    await world.apply(user("1"))
    for (const after of ["nowhere", "", "-1", "1e3", "9".repeat(30)]) {
      const asked = world.cache.entities("User", { after })
      await expect(asked).rejects.toMatchObject({ code: "invalid_argument", path: "after" })
    }
  })

  check("keeps the entities of types apart", async (world) => {
    await world.apply({ entityType: "User", entityId: "1" })
    await world.apply({ entityType: "UserGroup", entityId: "2" })
    expect(await allIds(world.cache, "User", 10)).toEqual(["1"])
    expect(await allIds(world.cache, "UserGroup", 10)).toEqual(["2"])
    expect(await allIds(world.cache, "Use", 10)).toEqual([])
  })

  check("knows entities that were only written directly, or have no value", async (world) => {
    await world.write(user("written"), new Map([["a", value("1")]]))
    await world.apply(user("bookkept"))
    await world.apply(user("again"), { values: new Map([["a", value("1")]]) })
    await world.apply(user("again"), { group: "other" })
    expect(await allIds(world.cache, "User", 10)).toEqual(["again", "bookkept", "written"])
  })

  check("misses no entity that was there before, while others arrive", async (world) => {
    const ids = Array.from({ length: 100 }, (_, n) => `old-${n}`).sort()
    await world.cache.commit(ids.map((id) => world.change(user(id), null)))
    const seen = new Set<string>()
    let after: string | null = null
    let arrived = 0
    do {
      const page = await world.cache.entities("User", { limit: 10, after: after ?? undefined })
      for (const id of page.ids) seen.add(id)
      after = page.next
      if (arrived < 50) await world.apply(user(`new-${arrived++}`))
    } while (after !== null)
    expect(ids.filter((id) => !seen.has(id))).toEqual([])
  })
}

/** The ids of all pages, each once: an id may come twice. */
async function allIds(cache: FeatureCache, entityType: string, limit: number): Promise<string[]> {
  const ids = new Set<string>()
  let after: string | null = null
  do {
    const page = await cache.entities(entityType, { limit, after: after ?? undefined })
    for (const id of page.ids) ids.add(id)
    after = page.next
  } while (after !== null)
  return [...ids].sort()
}
