import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { AxiomWorker } from "@fabra/worker"
import { expect, onTestFinished, test } from "vitest"
import { createServer } from "../src/index.js"

/** Transfers change both accounts that they name, and the user who makes them. */
async function bank() {
  const bus = new MemoryEventBus({ partitions: 4 })
  const store = new FeatureStore({ bus, cache: new MemoryFeatureCache() })
  const User = store.entity("User", { key: "user_id" })
  const Account = store.entity("Account", { key: "account_id" })
  const counts = { trigger: "transfer" as const, initial: 0, maxRetries: 0 }
  const next = (_id: string, _event: object, { current }: { readonly current: number }) => current + 1
  store.feature("transfers", { entity: User, ...counts, compute: next })
  store.feature("moves", {
    entity: Account,
    ...counts,
    key: ({ payload }) => payload.accounts as string[],
    compute(id, event, context) {
      if (id === "closed") throw new Error("closed")
      return next(id, event, context)
    },
  })
  const worker = new AxiomWorker(store, { logger: silent })
  const running = worker.run()
  const server = createServer(store, { bus, logger: silent, port: 0 })
  const { url } = await server.listen()
  onTestFinished(async () => {
    await server.close()
    await worker.stop()
    await running
  })
  const transfer = async (accounts: unknown, query: string) => {
    const headers = { "content-type": "application/json" }
    const body = JSON.stringify({ entity_id: "ann", payload: { accounts } })
    return (await (await fetch(`${url}/ingest/transfer?${query}`, { method: "POST", headers, body })).json()) as any
  }
  const get = async (path: string) => (await (await fetch(url + path)).json()) as any
  return { transfer, get }
}

const APPLIED = "wait=applied&timeout=30s"

test("who waits gets the features of every entity that the event changes", async () => {
  const { transfer } = await bank()
  const answer = await transfer(["a", "b"], APPLIED)
  expect(answer).toMatchObject({ applied: true, dead_lettered: [], features: { transfers: { value: 1 } } })
  expect(answer.targets.map((one: any) => [one.entity, one.entity_id, Object.keys(one.features)])).toEqual([
    ["User", "ann", ["transfers"]],
    ["Account", "a", ["moves"]],
    ["Account", "b", ["moves"]],
  ])
  expect(answer.targets[1].features.moves.value).toBe(1)
  expect(await transfer([], APPLIED)).not.toHaveProperty("targets")
})

test("a target that failed is told, and listed as a dead letter of its own", async () => {
  const { transfer, get } = await bank()
  const answer = await transfer(["a", "closed"], APPLIED)
  expect(answer).toMatchObject({ applied: false, dead_lettered: ["moves"], features: { transfers: { value: 1 } } })
  const { dead_letters } = await get("/dead-letters?entity_id=closed")
  expect(dead_letters).toMatchObject([{ entity: "Account", entity_id: "closed", features: ["moves"] }])
  expect(await transfer(7, APPLIED)).toMatchObject({ applied: false, dead_lettered: ["moves"] })
})

test("a dry run and the catalog show them", async () => {
  const { transfer, get } = await bank()
  const { changes, failures } = await transfer(["a", "closed"], "dry_run=true")
  expect(changes.map((one: any) => [one.entity_id, one.feature])).toEqual([
    ["ann", "transfers"],
    ["a", "moves"],
  ])
  expect(failures).toEqual([{ entity: "Account", entity_id: "closed", feature: "moves", error: "closed" }])
  const { features } = await get("/catalog")
  expect(features.map((one: any) => [one.name, one.keyed])).toEqual([
    ["transfers", undefined],
    ["moves", true],
  ])
})
