import type { FeatureCache } from "@fabra/core"
import { expect } from "vitest"
import { type CacheWorld, type Check, user, value } from "./world.js"

const CLIENTS = 6
const INCREMENTS = 15

/** Many who change one entity. */
export function testConcurrency(check: Check): void {
  check("applies one of many changes on the same token", async (world) => {
    const base = await world.applyOn(user(1), null)
    const clients = await clientsOf(world)
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const client = clients[i % clients.length] as FeatureCache
        return client.commit([world.change(user(1), base, { state: String(i) })])
      }),
    )
    const applied = results.flatMap(([result], i) => (result?.status === "applied" ? [i] : []))
    expect(applied).toHaveLength(1)
    expect((await world.load(user(1))).state).toBe(String(applied[0]))
  })

  check("loses no increment of many clients", async (world) => {
    const clients = await clientsOf(world)
    await Promise.all(
      clients.map(async (client) => {
        for (let n = 0; n < INCREMENTS; n++) await increment(world, client)
      }),
    )
    expect((await world.load(user(1))).values.get("total")?.text).toBe(String(CLIENTS * INCREMENTS))
  })

  check("loses no increment to direct writes", async (world) => {
    const clients = await clientsOf(world)
    await Promise.all(
      clients.map(async (client, i) => {
        for (let n = 0; n < INCREMENTS; n++) {
          if (i % 2 === 0) await increment(world, client)
          else
            await client.write([
              { key: user(1), token: world.newToken(), values: new Map([[`note_${i}`, value(String(n))]]) },
            ])
        }
      }),
    )
    const { values } = await world.load(user(1))
    expect(values.get("total")?.text).toBe(String((CLIENTS / 2) * INCREMENTS))
    expect(values.get("note_1")?.text).toBe(String(INCREMENTS - 1))
  })

  check("lets groups commit at the same time without a conflict", async (world) => {
    const clients = await clientsOf(world)
    await Promise.all(
      clients.map(async (client, i) => {
        let base: string | null = null
        for (let n = 0; n < INCREMENTS; n++) {
          const change = world.change(user(1), base, {
            group: `group_${i}`,
            values: new Map([[`of_${i}`, value(String(n))]]),
          })
          const [result] = await client.commit([change])
          expect(result?.status).toBe("applied")
          base = (result as { version: string }).version
        }
      }),
    )
    expect((await world.load(user(1))).values.size).toBe(CLIENTS)
  })
}

async function clientsOf(world: CacheWorld): Promise<FeatureCache[]> {
  return Promise.all(Array.from({ length: CLIENTS }, (_, i) => (i === 0 ? world.cache : world.other())))
}

/** Adds one to a total, again and again until the change applies. */
async function increment(world: CacheWorld, client: FeatureCache): Promise<void> {
  for (;;) {
    const { version, values } = await world.load(user(1), "group", client)
    const total = Number(values.get("total")?.text ?? 0) + 1
    const [result] = await client.commit([
      world.change(user(1), version, { values: new Map([["total", value(String(total))]]) }),
    ])
    if (result?.status === "applied") return
    expect(result).toEqual({ status: "conflict" })
  }
}
