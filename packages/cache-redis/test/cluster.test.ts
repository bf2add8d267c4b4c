import { once } from "node:events"
import { type RedisTestCluster, startRedisCluster } from "@fabra/testing"
import { Cluster, type ClusterOptions, Redis } from "ioredis"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { RedisFeatureCache } from "../src/index.js"
import { applied, change, commitOne, eventually, loadOne, newToken, user, value } from "./support.js"

describe.skipIf(process.env.FABRA_TEST_REDIS_URL)("on a Redis Cluster", () => {
  let servers: RedisTestCluster
  let client: Cluster
  /** May do everything. */
  let admin: Cluster
  let cache: RedisFeatureCache
  let round = 0

  beforeAll(async () => {
    servers = await startRedisCluster({ appendOnly: true })
    admin = newClient({ redisOptions: {} })
    await once(admin, "ready")
  })
  afterAll(async () => {
    admin.disconnect()
    await servers.stop()
  })
  beforeEach(async () => {
    client = newClient()
    await once(client, "ready") // until then it takes every node for a master
    cache = new RedisFeatureCache({ client, namespace: `ns${++round}` })
  })
  afterEach(async () => {
    await cache.close()
    client.disconnect()
  })

  function newClient(options?: ClusterOptions): Cluster {
    return new Cluster([...servers.nodes], { slotsRefreshTimeout: 5_000, redisOptions: servers.user, ...options })
  }

  it("entities lie on all masters, and every result says which one answered", async () => {
    const ids = [...Array.from({ length: 300 }, (_, i) => `u${i}`), "{a}", "}{", "x{b}y"]
    const keys = ids.map(user)
    const results = await cache.commit(
      keys.map((key, i) => change(key, null, { values: new Map([["f", value(`${i}`)]]) })),
    )
    const epochs = results.map((result) => (result.status === "applied" ? result.epoch : "none"))
    expect(new Set(epochs).size).toBe(3)

    const records = await cache.load(keys, "g")
    expect(records.map((record) => record.epoch)).toEqual(epochs)
    const rows = await cache.read(keys, ["f", "no"])
    expect(rows).toEqual(keys.map((_, i) => [value(`${i}`), undefined]))
    expect((await cache.entities("User", { limit: 1_000 })).ids.toSorted()).toEqual(ids.toSorted())
    expect(await cache.verify(epochs)).toBe(true)
    expect(await cache.verify([...epochs, "another/one"])).toBe(false)

    const tokens = keys.map(newToken)
    await cache.write(keys.map((key, i) => ({ key, token: tokens[i] as string, values: new Map([["f", null]]) })))
    expect(await cache.read(keys, ["f"])).toEqual(keys.map(() => [undefined]))
    const late = await cache.commit(records.map(({ key, version }) => change(key, version)))
    expect(late.every((result) => result.status === "conflict")).toBe(true)
  })

  it("records are removed, and what is left of them stands in every slot where there was one", async () => {
    const keys = Array.from({ length: 60 }, (_, i) => user(`gone${i}`))
    const other = new RedisFeatureCache({ client, namespace: `ns${round}` })
    await other.load(keys, "g") // and believes for long that nothing was ever removed
    await cache.commit(keys.map((key) => change(key, null, { values: new Map([["f", value("1")]]) })))
    const found = await cache.inspect(keys)
    const tombstones = [{ group: "g", before: null, after: "left" }]
    const removals = found.map(({ key, version }) => ({
      key,
      version: version as string,
      token: newToken(),
      tombstones,
    }))
    expect(await cache.remove(removals)).toEqual(keys.map(() => ({ status: "removed" })))
    expect(await cache.remove(removals)).toEqual(keys.map(() => ({ status: "conflict" })))
    expect((await cache.entities("User")).ids).toEqual([])
    expect((await cache.load(keys, "g")).map((record) => record.tombstone)).toEqual(keys.map(() => "left"))

    const late = await other.commit(keys.map((key) => change(key, null)))
    expect(late).toEqual(keys.map(() => ({ status: "conflict" })))
    const records = await other.load(keys, "g")
    expect(records.map((record) => record.tombstone)).toEqual(keys.map(() => "left"))
    const anew = await other.commit(records.map(({ key, version }) => change(key, version)))
    expect(anew.every(({ status }) => status === "applied")).toBe(true)
    expect((await cache.entities("User")).ids.toSorted()).toEqual(keys.map(({ entityId }) => entityId).toSorted())
  })

  it("a lazy client connects with the first call", async () => {
    const lazy = newClient({ lazyConnect: true })
    const mine = new RedisFeatureCache({ client: lazy, namespace: `lazy${round}` })
    expect(lazy.status).toBe("wait")
    await applied(mine, change(user("u"), null))
    expect(await mine.check()).toEqual([])
    lazy.disconnect()
  })

  it("warns of the settings of every master", async () => {
    const careless = new Redis(servers.masters[2]?.adminUrl ?? "")
    await careless.config("SET", "maxmemory-policy", "allkeys-lfu")
    expect(await cache.check()).toMatchObject([
      { code: "store_evicts", where: expect.stringContaining(`:${servers.masters[2]?.port}`) },
    ])
    await careless.config("SET", "maxmemory-policy", "noeviction")
    careless.disconnect()
  })

  it("has the window of a cluster", () => {
    expect(cache.capabilities.rollbackWindowMs).toBe(20_000)
  })

  it("a slot may move to another node meanwhile", async () => {
    const key = `ns${round}:entity:User/mover`
    const slot = await admin.cluster("KEYSLOT", key)
    const { version, epoch } = await applied(cache, change(user("mover"), null))
    const [from, to] = await ownerAndAnother(slot)
    await to.cluster("SETSLOT", slot, "IMPORTING", await from.cluster("MYID"))
    await from.cluster("SETSLOT", slot, "MIGRATING", await to.cluster("MYID"))
    await from.migrate("127.0.0.1", to.options.port as number, key, 0, 5_000)

    // The old owner says ASK now: the key is there no more, but the slot is.
    const asked = await applied(cache, change(user("mover"), version))
    expect(asked.epoch).not.toBe(epoch)
    const id = await to.cluster("MYID")
    for (const node of [to, from]) await node.cluster("SETSLOT", slot, "NODE", id)

    // The old owner says MOVED now.
    const moved = await applied(cache, change(user("mover"), asked.version))
    expect(moved.epoch).toBe(asked.epoch)
    for (const node of [from, to]) node.disconnect()
  })

  async function ownerAndAnother(slot: number): Promise<[Redis, Redis]> {
    const nodes = servers.masters.map(({ adminUrl }) => new Redis(adminUrl))
    const [from, to] = [nodes.find((node) => owns(node)), nodes.find((node) => !owns(node))] as [Redis, Redis]
    for (const node of nodes) if (node !== from && node !== to) node.disconnect()
    return [from, to]

    function owns({ options: { port } }: Redis): boolean {
      return client.slots[slot]?.[0] === `127.0.0.1:${port}`
    }
  }

  it("scripts may be flushed", async () => {
    await Promise.all(admin.nodes("master").map((node) => node.script("FLUSH")))
    const results = await cache.commit(Array.from({ length: 100 }, (_, i) => change(user(`u${i}`), null)))
    expect(results.every((result) => result.status === "applied")).toBe(true)
  })

  it("a replica may take over", async () => {
    const keys = Array.from({ length: 60 }, (_, i) => user(`u${i}`))
    const before = await cache.commit(keys.map((key) => change(key, null)))
    const receipts = before.flatMap((result) => (result.status === "applied" ? [result.epoch] : []))
    expect(receipts.length).toBe(60)
    const lost = (await loadOne(cache, await keyOn(0, keys))).epoch

    await servers.masters[0]?.kill()
    const gone = await eventually(async () => ((await cache.verify(receipts)) ? undefined : "gone"))
    expect(gone).toBe("gone")
    expect(await cache.verify(receipts.filter((epoch) => epoch !== lost))).toBe(true)
    const records = await eventually(() => cache.load(keys, "g"))
    const after = await cache.commit(records.map(({ key, version }) => change(key, version)))
    expect(after.every((result) => result.status === "applied")).toBe(true)
    expect(after).not.toContainEqual(expect.objectContaining({ epoch: lost }))
    await servers.masters[0]?.restart()
  })

  async function keyOn(master: number, keys: ReturnType<typeof user>[]) {
    for (const key of keys) {
      const slot = await admin.cluster("KEYSLOT", `ns${round}:entity:User/${key.entityId}`)
      if (client.slots[slot]?.[0] === `127.0.0.1:${servers.masters[master]?.port}`) return key
    }
    throw new Error("none of the keys lies there")
  }

  it("a closed client is reported", async () => {
    const closed = newClient()
    await closed.quit()
    const mine = new RedisFeatureCache({ client: closed, commandTimeoutMs: 200 })
    await expect(mine.read([user("u")], ["f"])).rejects.toMatchObject({ code: "cache_unavailable" })
    await expect(mine.verify(["x"])).rejects.toMatchObject({ code: "cache_unavailable" })
    expect(await commitOne(mine, change(user("u"), null))).toMatchObject({ status: "unknown" })
  })
})
