import { FeatureStore } from "@fabra/core"
import { type AxiomEvent, createEvent } from "@fabra/events"
import { expect, test } from "vitest"
import { Routes } from "./routes.js"

const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })
const Account = store.entity("Account", { key: "account_id" })
const compute = () => 1
store.feature("a", { entity: User, trigger: "x", compute })
store.feature("b", { entity: Account, trigger: ["x", "y"], compute })
store.feature("c", { entity: User, trigger: "x", compute })
const routes = new Routes(store.registry, "blue")

const names = (event: AxiomEvent) =>
  routes.for(event).map(({ entityType, handlers }) => [entityType, ...handlers.map(({ feature }) => feature.name)])
const event = (eventType: string) => createEvent({ eventType, entityId: "1" })

test("an event goes to every type of entity whose features it triggers", () => {
  expect(names(event("x"))).toEqual([
    ["User", "a", "c"],
    ["Account", "b"],
  ])
  expect(names(event("y"))).toEqual([["Account", "b"]])
  expect(names(event("unheard_of"))).toEqual([])
})

test("a replay goes to the features that failed, in the group in which they failed", () => {
  const replay = (group: string, ...features: string[]) =>
    names({ ...event("x"), replay: { of: "e", group, features } })
  expect(replay("blue", "c", "b")).toEqual([
    ["User", "c"],
    ["Account", "b"],
  ])
  expect(replay("blue", "gone")).toEqual([])
  expect(replay("green", "a")).toEqual([])
  const gone = { of: "e", group: "blue", features: ["gone"], entityType: "User" }
  expect(names({ ...event("x"), replay: gone })).toEqual([["User"]])
  expect(names({ ...event("unheard_of"), replay: { ...gone, features: ["a"] } })).toEqual([["User"]])
  expect(names({ ...event("x"), replay: { ...gone, features: ["a", "gone"] } })).toEqual([["User", "a"]])
})
