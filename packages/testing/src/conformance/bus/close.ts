import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import type { Check } from "./world.js"

/** The end of subscriptions and of the bus. */
export function testClose(check: Check): void {
  check("closes a subscription once, however often it is asked", async (world) => {
    const member = await world.joinAlone()
    await Promise.all([member.subscription.close(), member.subscription.close()])
    await member.subscription.close()
    expect(member.revoked.sort()).toEqual([0, 1, 2, 3])
    expect(member.lost).toEqual([])
  })

  check("says bus_closed when a closed subscription is read", async (world) => {
    const member = await world.joinAlone()
    await world.fill(1)
    await member.subscription.close()
    await expect(member.readOnce(10)).rejects.toMatchObject({ code: "bus_closed" })
  })

  check("ends a read in flight, empty, when its subscription is closed", async (world) => {
    const member = await world.joinAlone()
    const reading = member.readOnce(3_600_000)
    const closing = member.subscription.close()
    expect(await world.patience.within("the read ended", reading)).toEqual([])
    await closing
  })

  check("closes its subscriptions when the bus is closed", async (world) => {
    const member = await world.joinAlone()
    await world.bus.close()
    expect(member.revoked.sort()).toEqual([0, 1, 2, 3])
    await expect(member.readOnce(10)).rejects.toMatchObject({ code: "bus_closed" })
  })

  check("is closed only when its subscriptions have let go of what they drain", async (world) => {
    const survivor = await world.other()
    const leaving = await world.joinAlone()
    const positions = await world.fill(3)
    const records = await leaving.take(3)
    const release = world.holdDrain(leaving)
    let isClosed = false
    const closing = world.bus.close().then(() => {
      isClosed = true
    })
    await world.patience.until("every partition is being drained", () => leaving.revoked.length === 4)
    await leaving.settle(records[1] as TakenRecord)
    await world.patience.pass(50)
    expect(isClosed).toBe(false)
    release()
    await closing
    if (survivor === world.bus) return
    const heir = await world.joinAlone({ bus: survivor })
    expect(await heir.assignment()).toMatchObject({ checkpoint: positions[1], quarantineUntil: null })
  })

  check("says bus_closed after it was closed", async (world) => {
    const event = world.event("entity")
    await world.bus.close()
    await expect(world.bus.publish(event)).rejects.toMatchObject({ code: "bus_closed" })
    const results = await world.bus.publish([event, event])
    expect(results.map((result) => (result.ok ? "ok" : result.error.code))).toEqual(["bus_closed", "bus_closed"])
    await expect(world.join()).rejects.toMatchObject({ code: "bus_closed" })
  })

  check("closes once, however often it is asked", async ({ bus }) => {
    await Promise.all([bus.close(), bus.close()])
    await bus.close()
  })
}
