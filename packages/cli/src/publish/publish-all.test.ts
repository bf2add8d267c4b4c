import { FabraApiError } from "@fabra/client"
import { type AxiomEvent, createEvent, FabraError } from "@fabra/events"
import { expect, test } from "vitest"
import type { Published } from "../access/access.js"
import { publishAll } from "./publish-all.js"
import type { Row } from "./rows.js"

async function* rows(count: number): AsyncGenerator<Row> {
  for (let line = 1; line <= count; line++) {
    yield { line, event: createEvent({ eventType: "purchase", entityId: "ann", eventId: `event-${line}` }) }
  }
}

const ok = ({ eventId }: AxiomEvent): Published => ({ ok: true, eventId, duplicate: false })
const full = ({ eventId }: AxiomEvent): Published => ({ ok: false, eventId, error: new FabraError("bus_full", "full") })
const away = ({ eventId }: AxiomEvent): Published => ({
  ...{ ok: false, eventId },
  error: new FabraError("bus_unavailable", "away"),
})
const nothing = () => {}

test("what may pass is tried again, under its id and in order, before what follows", async () => {
  const sent: string[][] = []
  const publish = async (events: readonly AxiomEvent[]) => {
    sent.push(events.map(({ eventId }) => eventId))
    return events.map((event, i) => (sent.length === 1 && i >= 498 ? full(event) : ok(event)))
  }
  const seen: number[] = []
  const outcome = await publishAll({ publish }, rows(501), nothing, (done) => seen.push(done))
  expect(sent.slice(1)).toEqual([["event-499", "event-500"], ["event-501"]])
  expect(outcome).toMatchObject({ published: 501, refused: 0 })
  expect(seen).toEqual([500, 501])
})

test.each([
  ["rate_limited", 429],
  ["cache_unavailable", 503],
  ["unreachable", undefined],
])("what passes by itself over HTTP is tried again: %s", async (code, status) => {
  let calls = 0
  const busy = ({ eventId }: AxiomEvent): Published => ({
    ok: false,
    eventId,
    error: new FabraApiError(code, "busy", { status }),
  })
  const publish = async (events: readonly AxiomEvent[]) => events.map(++calls === 2 ? busy : ok)
  expect(await publishAll({ publish }, rows(501), nothing, nothing)).toMatchObject({ published: 501, refused: 0 })
  expect(calls).toBe(3)
})

test("a bus that was never there is told at once, and nothing more is read", async () => {
  let ended = false
  const end = () => {
    ended = true
  }
  const publish = async (events: readonly AxiomEvent[]) => events.map(away)
  await expect(publishAll({ publish }, rows(3), end, nothing)).rejects.toThrow("away")
  expect(ended).toBe(true)
})

test("one that goes away later is waited for", async () => {
  let calls = 0
  const publish = async (events: readonly AxiomEvent[]) => events.map(++calls === 2 ? away : ok)
  expect(await publishAll({ publish }, rows(501), nothing, nothing)).toMatchObject({ published: 501 })
  expect(calls).toBe(3)
})

test("who writes now and then need not wait for a full batch", async () => {
  let publishedFirst = nothing
  const first = new Promise<void>((resolve) => {
    publishedFirst = resolve
  })
  async function* slow(): AsyncGenerator<Row> {
    yield* rows(1)
    await first
  }
  const publish = async (events: readonly AxiomEvent[]) => {
    publishedFirst()
    return events.map(ok)
  }
  expect(await publishAll({ publish }, slow(), nothing, nothing)).toMatchObject({ published: 1 })
})
