import { FeatureStore } from "@fabra/core"
import { createEvent } from "@fabra/events"
import { expect, onTestFinished, test } from "vitest"
import { createTestKit } from "../src/index.js"

async function accounts(n: number) {
  const store = new FeatureStore()
  const Account = store.entity("Account", { key: "account_id" })
  store.entity("User", { key: "user_id" })
  const score = store.feature("score", {
    ...{ entity: Account, trigger: "scored", initial: 0 },
    compute: (_id, event) => Number(event.payload.score),
  })
  store.feature("seen", { entity: Account, trigger: "scored", compute: (_id, { timestamp }) => timestamp })
  store.feature("plan", { entity: Account })
  store.feature("computed", { entity: Account, compute: () => 1 })
  store.feature("name", { entity: "User" })
  const kit = createTestKit(store)
  onTestFinished(() => kit.close())
  const scored = (i: number) => createEvent({ eventType: "scored", entityId: `a${i}`, payload: { score: i } })
  await kit.give(...Array.from({ length: n }, (_, i) => scored(i)))
  return { store, Account, score }
}

test("entities are found by their values, page by page, each page having looked at as many as asked", async () => {
  const { store, Account, score } = await accounts(25)
  const found: string[] = []
  const pages: number[] = []
  let after: string | undefined
  do {
    const page = await store.findEntities(Account, { filter: { score: { $gte: 22 } }, after, limit: 10 })
    for (const row of page.rows) found.push(`${row.entityId} ${row.features.score?.value}`)
    pages.push(page.scanned)
    after = page.next ?? undefined
  } while (after !== undefined)
  expect(found.sort()).toEqual(["a22 22", "a23 23", "a24 24"])
  expect(pages).toEqual([10, 10, 5])
  await store.setFeature("plan", "a3", "gold")
  const { rows } = await store.findEntities("Account", {
    filter: { plan: { $in: ["gold"] }, seen: { $gte: "2026-01-01T00:00:00.000Z" } },
    features: [score],
  })
  expect(rows).toMatchObject([{ entityId: "a3", features: { score: { value: 3 }, plan: { value: "gold" } } }])
  expect((await store.findEntities("Account", { filter: { $not: { score: { $gte: 0 } } } })).rows).toEqual([])
})

test.each([
  [{ filter: { scor: 1 } }, "unknown_feature", /Did you mean "score"/],
  [{ filter: { name: "x" } }, "invalid_argument", /a feature of User, not of Account/],
  [{ filter: { computed: 1 } }, "invalid_argument", /computed when it is read/],
  [{ filter: {} }, "invalid_argument", /filter is empty/],
  [{ filter: { score: { $near: 1 } } }, "invalid_argument", /no operator/],
  [{ filter: { score: 1 }, limit: 0 }, "invalid_argument", /limit is 0/],
])("%j is refused", async (query, code, message) => {
  const { store } = await accounts(0)
  const found = store.findEntities("Account", query as never)
  await expect(found).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})
