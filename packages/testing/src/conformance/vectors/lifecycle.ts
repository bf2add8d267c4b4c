import { expect } from "vitest"
import { at, type Check, document } from "./world.js"

/** What the capabilities claim, and closing. */
export function testLifecycle(check: Check): void {
  check("can be used by other clients if it claims so, and only then", async (world) => {
    const { another } = world.harness
    expect(another !== undefined).toBe(world.store.capabilities.shared)
    if (another === undefined) return
    const index = await world.index()
    const other = index.through(await another())
    await index.upsert(document("one", ["a"], { version: at(1) }))
    expect(await other.texts()).toEqual(["a"])
    await other.upsert(document("one", ["b"], { version: at(2) }))
    expect(await index.texts()).toEqual(["b"])
  })

  check("keeps documents when the client that wrote them goes, if it is shared and persistent", async (world) => {
    const { shared, persistent } = world.store.capabilities
    const { another } = world.harness
    if (another === undefined || !persistent) {
      // What one process alone holds in memory cannot outlive it.
      expect(shared && persistent).toBe(false)
      return
    }
    const index = await world.index()
    await index.upsert(document("one", ["a"]))
    await world.store.close()
    expect(await index.through(await another()).texts()).toEqual(["a"])
  })

  check("names itself", async ({ store }) => {
    expect(store.capabilities.name).toMatch(/\S/)
    expect(store.capabilities.maxDimensions).toBeGreaterThan(0)
  })

  check("closes once, however often it is asked", async ({ store }) => {
    await Promise.all([store.close(), store.close()])
    await store.close()
  })
}
