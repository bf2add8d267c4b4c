import { afterAll, expect, test } from "vitest"
import { type RedisTestCluster, startRedisCluster } from "./redis-cluster.js"
import { askRedis } from "./redis-server.js"

let cluster: RedisTestCluster | undefined

afterAll(() => cluster?.stop())

test.skipIf(process.env.FABRA_TEST_REDIS_URL)(
  "every server knows the others, and replicas have what masters have",
  async () => {
    cluster = await startRedisCluster({ masters: 3, replicas: 1 })
    expect(cluster.nodes).toHaveLength(6)
    for (const { port } of cluster.nodes) {
      expect(await askRedis(port, "CLUSTER INFO")).toMatch(/cluster_state:ok.*cluster_slots_ok:16384.*cluster_size:3/s)
    }
    for (const [i, { port }] of cluster.masters.entries()) {
      const replica = await askRedis(cluster.replicas[i]?.[0]?.port ?? 0, "INFO replication")
      expect(replica).toContain(`master_port:${port}\r`)
      expect(replica).toContain("master_link_status:up")
    }
  },
)

test.skipIf(!process.env.FABRA_TEST_REDIS_URL)("takes no server of somebody else's", async () => {
  await expect(startRedisCluster()).rejects.toThrow("FABRA_TEST_REDIS_URL")
})
