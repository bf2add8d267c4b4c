// A process that adds one to the total of an entity, again and again, and says each time what it is then.
import { LmdbFeatureCache } from "../src/lmdb-feature-cache.js"

const [path = "", times = "0"] = process.argv.slice(2)
const cache = new LmdbFeatureCache({ path })
const key = { entityType: "User", entityId: "user_123" }
for (let added = 0; added < Number(times); ) {
  const [record] = await cache.load([key], "group")
  const total = Number(record?.values.get("total")?.text ?? 0) + 1
  const [result] = await cache.commit([
    {
      key,
      group: "group",
      baseVersion: record?.version ?? null,
      token: `${process.pid}-${total}`,
      state: "",
      values: new Map([["total", { text: String(total), eventTime: null, computedAt: 0 }]]),
    },
  ])
  if (result?.status === "unknown") throw result.error
  if (result?.status === "conflict") continue
  added++
  process.stdout.write(`${total}\n`)
}
await cache.close()
