import { MemoryFeatureCache } from "@fabra/core"
import type { CommitResult, EntityChange } from "@fabra/core/adapter"
import { gate } from "@fabra/test-support"
import { expect, test } from "vitest"
import { eraseEntity } from "../src/index.js"
import { setup } from "./support.js"

test("a commit in flight brings nothing back: it meets a conflict and is computed on what is left", async () => {
  const [entered, go] = [gate(), gate()]
  let holds = false
  class SlowCache extends MemoryFeatureCache {
    override async commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
      if (holds) {
        holds = false
        entered.open()
        await go.promise
      }
      return super.commit(changes)
    }
  }
  const { store, bus, User, start, publish, cache } = setup({ cache: new SlowCache() })
  const count = store.feature("count", {
    ...{ entity: User, trigger: "x", initial: 0 },
    compute: (_id, _event, { current }) => current + 1,
  })
  const { worker } = start()
  for (let n = 0; n < 2; n++) await publish("x", "ann")
  await worker.idle()
  holds = true
  await publish("x", "ann")
  await entered.promise
  const erased = await eraseEntity(store, "User", "ann", { bus, timeoutMs: 0 })
  expect(erased).toMatchObject({ record: "emptied", groupsBehind: ["fabra_workers"] })
  expect((await cache.read([{ entityType: "User", entityId: "ann" }], ["count"]))[0]).toEqual([undefined])
  go.open()
  await worker.idle()
  expect(await store.getFeature(count, "ann")).toBe(1)
})
