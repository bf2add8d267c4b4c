import { expect, test } from "vitest"
import { check, type Evidence } from "./check.js"
import { chainOf, hubOf } from "./features.js"
import type { HubSnapshot, Snapshot } from "./onlooker.js"

interface Changes extends Omit<Partial<Evidence>, "letters"> {
  readonly state?: Partial<Snapshot>
  readonly letters?: readonly object[]
  readonly hub?: Partial<HubSnapshot>
}

/** Three events of one entity, of which `p` is poison, and a record that is no event: all is well. */
function evidence(changes: Changes = {}): Evidence {
  const { state, hub, letters = [letterOf("p", "fragile"), letterOf("rubbish")], ...rest } = changes
  const applied = state?.applied ?? ["a", "p", "b"]
  const log = { ids: new Map([["e", ["a", "p", "b"]]]), rubbish: ["rubbish"], records: 4 }
  return {
    book: { acknowledged: new Set(["a", "p", "b"]), poison: new Set(["p"]) },
    log,
    letters: letters as unknown as Evidence["letters"],
    states: [{ entityId: "e", chain: chainOf(applied), applied, fragile: ["a", "b"], ...state }],
    hubs: [{ hubId: hubOf("e"), gathered: ["a", "p", "b"], counted: 3, ...hub }],
    seen: { odd: [], chains: new Map() },
    ...rest,
  }
}

function letterOf(what: string, ...features: string[]) {
  if (what === "rubbish") return { data: what, features, reason: "invalid_event", entityId: undefined }
  return { eventId: what, entityId: "e", features, reason: "handler_failed" }
}

const kinds = (one: Evidence) => [...new Set(check(one).map(({ kind }) => kind))].sort()

test("nothing is found where all is well", () => {
  expect(check(evidence())).toEqual([])
  const crashed = { applied: ["a", "p"], fragile: ["a"] }
  const letters = [letterOf("p", "fragile"), letterOf("rubbish"), letterOf("b", "chain", "applied", "fragile")]
  expect(check(evidence({ state: crashed, letters }))).toEqual([])
})

test.each<[string, Changes, string[]]>([
  ["an event without effect", { state: { applied: ["a", "p"], fragile: ["a"] } }, ["lost"]],
  ["an event twice", { state: { applied: ["a", "p", "b", "a"] } }, ["duplicated", "reordered"]],
  ["an event that its hub has not", { hub: { gathered: ["a", "b"], counted: 2 } }, ["lost"]],
  [
    "an event that its hub has twice",
    { hub: { gathered: ["a", "p", "b", "p"], counted: 4 } },
    ["duplicated", "reordered"],
  ],
  ["events of one thing swapped at its hub", { hub: { gathered: ["b", "a", "p"] } }, ["reordered"]],
  ["a hub that counts something else", { hub: { counted: 2 } }, ["half_visible"]],
  ["an event twice in a row", { state: { applied: ["a", "a", "p", "b"] } }, ["duplicated"]],
  ["events swapped", { state: { applied: ["a", "b", "p"] } }, ["reordered"]],
  ["a chain that is not the list's", { state: { chain: chainOf(["a"]) } }, ["half_visible"]],
  ["one feature ahead of another", { state: { fragile: ["a"] } }, ["half_visible", "lost"]],
  ["poison without a dead letter", { letters: [letterOf("rubbish")] }, ["half_visible", "lost"]],
  ["rubbish without a dead letter", { letters: [letterOf("p", "fragile")] }, ["lost"]],
  [
    "a dead letter twice",
    { letters: [letterOf("p", "fragile"), letterOf("p", "fragile"), letterOf("rubbish")] },
    ["duplicated"],
  ],
  [
    "an acknowledged event that is not in the log",
    { book: { acknowledged: new Set(["a", "x"]), poison: new Set(["p"]) } },
    ["lost"],
  ],
  [
    "an event twice in the log",
    { log: { ids: new Map([["e", ["a", "p", "b", "b"]]]), rubbish: ["rubbish"], records: 5 } },
    ["duplicated"],
  ],
  [
    "what was seen half",
    { seen: { odd: [{ entityId: "e", chain: chainOf(["a"]), applied: ["a"], fragile: [] }], chains: new Map() } },
    ["half_visible"],
  ],
  [
    "what was seen and is no more",
    { seen: { odd: [], chains: new Map([["e", new Map([[2, chainOf(["a", "b"])]])]]) } },
    ["half_visible"],
  ],
])("%s is found", (_, changes, found) => {
  expect(kinds(evidence(changes))).toEqual(found)
})
