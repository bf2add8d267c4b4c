import { MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { beforeAll, expect, test } from "vitest"
import { createServer } from "../src/index.js"
import type { BadInput } from "./bad-inputs/bad-input.js"
import { BODIES } from "./bad-inputs/bodies.js"
import { EVENTS } from "./bad-inputs/events.js"
import { OTHERS } from "./bad-inputs/others.js"
import { client, linesOf, testStore } from "./support.js"

const BAD_INPUTS = [...BODIES, ...EVENTS, ...OTHERS]
const bus = new MemoryEventBus()
let call: ReturnType<typeof client>["call"]

beforeAll(async () => {
  const server = createServer(testStore(), { bus, logger: silent, port: 0 })
  call = client((await server.listen()).url).call
  return () => server.close()
})

test("there are many", () => expect(BAD_INPUTS.length).toBeGreaterThan(300))

test.each(BAD_INPUTS.map((input) => [label(input), input] as const))("%s", async (_label, input) => {
  const answer = await call(input.method, input.path, input.body, input.headers)
  let { body } = answer
  if (input.asResult === undefined) {
    expect(answer.headers.get("content-type")).toContain("application/problem+json")
    expect(body.status).toBe(answer.status)
  } else {
    expect(answer.status).toBe(207)
    body = input.asResult === "array" ? body.results[0] : linesOf(answer)[0]
  }
  const picture = { status: body.status, code: body.code, path: input.at === undefined ? undefined : body.path }
  expect(picture).toEqual({
    status: input.status,
    code: input.code,
    path: input.at,
  })
  expect(body.detail).toMatch(/[.?]$/)
  expect(body.detail).not.toMatch(/type undefined|\[object|node_modules|\.ts:/)
})

test("nothing of it is in the bus", async () => {
  const subscription = await bus.subscribe({
    group: "looker",
    consumer: "looker",
    onLost: () => {},
    onAssigned: () => {},
    onRevoked: async () => {},
  })
  await expect.poll(async () => (await bus.lag("looker")).every(({ owner }) => owner !== null)).toBe(true)
  expect(await subscription.read({ maxEvents: 10, maxWaitMs: 0 })).toEqual([])
  await subscription.close()
})

function label({ name, method, path, code, asResult }: BadInput): string {
  return `${name}: ${method} ${path.slice(0, 40)}${asResult === undefined ? "" : ` (${asResult})`} is ${code}`
}
