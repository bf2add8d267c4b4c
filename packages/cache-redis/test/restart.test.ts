import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { RedisFeatureCache } from "../src/index.js"
import { applied, change, commitOne, eventually, loadOne, newToken, user, value } from "./support.js"

let server: RedisTestServer
/** Waits for Redis as long as a test may last. */
let cache: RedisFeatureCache
/** Gives up soon. */
let hasty: RedisFeatureCache

beforeEach(async () => {
  server = await startRedisServer({ appendOnly: true })
  cache = new RedisFeatureCache({ url: server.url, commandTimeoutMs: 60_000 })
  hasty = new RedisFeatureCache({ url: server.url, commandTimeoutMs: 200 })
})
afterEach(async () => {
  await Promise.all([cache.close(), hasty.close()])
  await server.stop()
})

// A server that is not ours may not be killed.
describe.skipIf(process.env.FABRA_TEST_REDIS_URL)("when Redis", () => {
  it("is killed and comes back, the same change is judged right and the epoch is another", async () => {
    const key = user("u")
    const first = await applied(cache, change(key, null, { values: new Map([["f", value("1")]]) }))
    expect(await cache.verify([first.epoch, first.epoch])).toBe(true)
    const second = change(key, first.version, { values: new Map([["f", value("2")]]) })

    await server.kill()
    expect(await commitOne(hasty, second)).toMatchObject({ status: "unknown", error: { code: "cache_unavailable" } })
    await expect(hasty.load([key], "g")).rejects.toMatchObject({ code: "cache_unavailable" })
    await expect(hasty.read([key], ["f"])).rejects.toMatchObject({ code: "cache_unavailable" })
    await expect(hasty.entities("User")).rejects.toMatchObject({ code: "cache_unavailable" })
    await expect(hasty.verify([first.epoch])).rejects.toMatchObject({ code: "cache_unavailable" })
    expect(await hasty.write([{ key, token: newToken(), values: new Map() }])).toMatchObject([{ status: "unknown" }])

    await server.restart()
    const again = await applied(cache, second)
    expect(again.epoch).not.toBe(first.epoch)
    expect(await commitOne(cache, second)).toEqual({ status: "conflict" })
    expect(await cache.verify([first.epoch])).toBe(false)
    expect(await cache.verify([again.epoch])).toBe(true)
    expect(await cache.verify([again.epoch, first.epoch])).toBe(false)
    expect(await loadOne(cache, key)).toMatchObject({ version: again.version, epoch: again.epoch })
  })

  it("restarts under load, every commit is answered, and what was applied is there", async () => {
    const outcome = new Map<string, { status: string; epoch?: string }>()
    let n = 0
    let running = true
    const load = async () => {
      while (running) {
        const id = `u${n++}`
        outcome.set(id, await commitOne(cache, change(user(id), null, { values: new Map([["f", value(id)]]) })))
      }
    }
    const loads = Array.from({ length: 20 }, load)
    await eventually(async () => n > 500 || undefined)
    await server.restart()
    const before = n
    await eventually(async () => n > before + 500 || undefined)
    running = false
    await Promise.all(loads)

    const ids = [...outcome.keys()]
    const rows = await cache.read(ids.map(user), ["f"])
    for (const [i, id] of ids.entries()) {
      const { status } = outcome.get(id) as { status: string }
      expect(status).not.toBe("conflict")
      if (status === "applied") expect(rows[i]?.[0]?.text).toBe(id)
    }
    const epochs = new Set([...outcome.values()].flatMap(({ epoch }) => epoch ?? []))
    expect(epochs.size).toBe(2)
  })

  it("stands still, calls end all the same, and it is found again when it goes on", async () => {
    const { epoch } = await applied(cache, change(user("u"), null, { values: new Map([["f", value("1")]]) }))
    await eventually(() => hasty.verify([epoch]))
    await server.kill("SIGSTOP")
    const fresh = new RedisFeatureCache({ url: server.url, commandTimeoutMs: 200 })
    const calls = [hasty.read([user("u")], ["f"]), hasty.verify([epoch]), fresh.load([user("u")], "g")]
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: "cache_unavailable" })))
    expect(await commitOne(hasty, change(user("v"), null))).toMatchObject({ status: "unknown" })
    await server.kill("SIGCONT")
    for (const each of [cache, hasty, fresh]) {
      expect(await eventually(() => each.read([user("u")], ["f"]))).toEqual([[value("1")]])
      expect(await eventually(() => each.verify([epoch]))).toBe(true)
    }
    await fresh.close()
  })

  it("becomes a replica and a master again, its epoch is another", async () => {
    const master = await startRedisServer()
    const admin = new Redis(server.adminUrl)
    const { epoch, version } = await applied(cache, change(user("u"), null))
    await admin.replicaof("127.0.0.1", master.port)
    expect(await cache.verify([epoch])).toBe(false)
    expect(await commitOne(hasty, change(user("u"), version))).toMatchObject({ status: "unknown" })
    await admin.replicaof("NO", "ONE")
    await eventually(async () => ((await cache.verify([epoch])) ? undefined : true))
    const next = await eventually(async () => {
      const record = await loadOne(cache, user("v"))
      return (await cache.verify([record.epoch])) ? record : undefined
    })
    expect(next.epoch).not.toBe(epoch)
    admin.disconnect()
    await master.stop()
  })

  it("is told a wrong password, the reason is told", async () => {
    const admin = new Redis(server.adminUrl)
    await admin.config("SET", "requirepass", "right")
    const wrong = new RedisFeatureCache({ url: `redis://:wrong@127.0.0.1:${server.port}`, commandTimeoutMs: 300 })
    await expect(wrong.read([user("u")], ["f"])).rejects.toThrow("WRONGPASS")
    const right = new RedisFeatureCache({ url: `redis://:right@127.0.0.1:${server.port}` })
    expect(await right.read([user("u")], ["f"])).toEqual([[undefined]])
    admin.disconnect()
    await Promise.all([wrong.close(), right.close()])
  })
})
