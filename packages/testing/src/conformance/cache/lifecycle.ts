import { expect } from "vitest"
import { type Check, user, value } from "./world.js"

/** Epochs, what the capabilities claim, and closing. */
export function testLifecycle(check: Check): void {
  check("is still the epoch that answered, while nothing happens to it", async (world) => {
    const keys = Array.from({ length: 40 }, (_, n) => user(n))
    const results = await world.cache.commit(keys.map((key) => world.change(key, null)))
    const confirmed = results.flatMap((result) => (result.status === "applied" ? [result.epoch] : []))
    const loaded = (await world.cache.load([...keys, user("never written")], "group")).map((record) => record.epoch)
    expect(confirmed).toHaveLength(40)
    expect(await world.cache.verify([...new Set([...confirmed, ...loaded])])).toBe(true)
    expect(await (await world.other()).verify(confirmed)).toBe(true)
  })

  check("names an epoch if it can lose what it confirmed, and only then", async (world) => {
    await world.apply(user(1))
    const { epoch } = await world.load(user(1))
    const mayLose = world.cache.capabilities.rollbackWindowMs > 0
    expect(epoch !== "").toBe(mayLose)
    // No store has ever been this one.
    if (mayLose) expect(await world.cache.verify([epoch, `${epoch}-never-was`])).toBe(false)
  })

  check("can be used by other clients if it claims so, and only then", async (world) => {
    const { another } = world.harness
    expect(another !== undefined).toBe(world.cache.capabilities.shared)
    if (another === undefined) return
    const other = await another()
    const token = await world.applyOn(user(1), null, { state: "shared", values: new Map([["a", value("1")]]) })
    expect(await world.load(user(1), "group", other)).toMatchObject({ version: token, state: "shared" })
    expect(await other.commit([world.change(user(1), token, { state: "back" })])).toMatchObject([{ status: "applied" }])
    expect((await world.load(user(1))).state).toBe("back")
  })

  check("keeps records when the client that wrote them goes, if it is persistent", async (world) => {
    const { shared, persistent } = world.cache.capabilities
    const { another, reopen } = world.harness
    expect(reopen !== undefined).toBe(persistent && !shared)
    const next = reopen ?? another
    if (!persistent || next === undefined) return
    await world.apply(user(1), { state: "kept" })
    await world.cache.close()
    expect((await world.load(user(1), "group", await next())).state).toBe("kept")
  })

  check("names itself and says for how long a commit may be undone", async ({ cache }) => {
    expect(cache.capabilities.name).toMatch(/\S/)
    expect(cache.capabilities.rollbackWindowMs).toBeGreaterThanOrEqual(0)
  })

  check("closes once, however often it is asked", async ({ cache }) => {
    await Promise.all([cache.close(), cache.close()])
    await cache.close()
  })
}
