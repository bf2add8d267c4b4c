import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import { type Check, places } from "./world.js"

/** An engine that is killed and comes back while its clients live. */
export function testRestart(check: Check): void {
  check("goes on where it was when its engine comes back", async (world) => {
    const { restartEngine } = world.harness
    if (restartEngine === undefined) return
    const reader = await world.joinAlone()
    const before = await world.publish(world.events(4))
    const records = await reader.take(4)
    await reader.settle(records[1] as TakenRecord)
    await restartEngine()
    const after = await world.publish(world.events(2))
    expect(places([...records, ...(await reader.take(2))])).toEqual(places([...before, ...after]))
    expect(await world.bus.checkpoints("group")).toEqual([records[1]?.position, null, null, null])
    await reader.settle(records[3] as TakenRecord)
    await reader.subscription.close()
    const next = await world.joinAlone({ bus: await world.other() })
    expect(await next.assignment()).toEqual(expect.objectContaining({ checkpoint: records[3]?.position }))
    expect(places(await next.take(2))).toEqual(places(after))
  })

  check("recognises after its engine has come back what it has taken before", async (world) => {
    const { restartEngine } = world.harness
    if (restartEngine === undefined || world.bus.capabilities.dedupeWindowMs === 0) return
    const event = world.event(world.entity(0))
    const first = await world.bus.publish(event)
    await restartEngine()
    const again = await world.bus.publish(event)
    expect([places([again]), again.duplicate]).toEqual([places([first]), true])
    const [later] = await world.publish(world.events(1))
    expect((later?.position ?? "") > first.position).toBe(true)
  })

  check("keeps through a restart of its engine who noted a record", async (world) => {
    const { restartEngine } = world.harness
    if (restartEngine === undefined) return
    const one = await world.joinAlone()
    const [position] = (await world.fill(1)) as [string]
    await one.subscription.noteAttempts(0, [position], "alone")
    await restartEngine()
    await one.subscription.close()
    const two = await world.joinAlone({ bus: await world.other() })
    expect(await two.subscription.noteAttempts(0, [position], "alone")).toEqual([1])
  })
}
