import { FeatureStore } from "@fabra/core"
import { gate } from "@fabra/test-support"
import { startRedisServer } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { RedisFeatureCache } from "../src/index.js"

test("what is kept for a while is computed once for the readers of two stores, also when the first fails", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const namespace = redis.namespace()
  let runs = 0
  const computing = gate()
  const open = () => {
    const cache = new RedisFeatureCache({ url: redis.url, namespace })
    onTestFinished(() => cache.close())
    const store = new FeatureStore({ cache })
    const score = store.feature("score", {
      entity: store.entity("User", { key: "user_id" }),
      refresh: "1h",
      compute: async (id) => {
        runs++
        await computing.promise
        if (id === "bob" && runs === 2) throw new Error("no luck")
        return runs
      },
    })
    return (id: string) => store.getFeature(score, id)
  }
  const [a, b] = [open(), open()]
  const many = (id: string) => Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? a : b)(id))
  const waiting = many("ann")
  while (runs === 0) await new Promise(setImmediate)
  computing.open()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([1]))
  expect(await Promise.all(many("ann"))).toEqual(Array(40).fill(1))
  expect(runs).toBe(1)

  // Those who waited in the process where it failed are told; the others have it computed once more.
  const told = await Promise.allSettled(many("bob"))
  expect(told.filter(({ status }) => status === "rejected")).toHaveLength(20)
  expect(runs).toBe(3)
  expect(await Promise.all(many("bob"))).toEqual(Array(40).fill(3))
})
