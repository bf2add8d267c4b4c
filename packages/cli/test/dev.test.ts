import { readFile, writeFile } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { fabra, Running, spawned } from "./fabra.js"
import { mask, screen } from "./screens.js"
import { shell } from "./shell.js"
import { copyOf, eventually, start } from "./with-the-test.js"

// One `fabra dev` for all that is done beside it; it has no Redis.
let dev: Running
let url: string

beforeAll(async () => {
  dev = new Running(["dev", "my_features.ts", "--port", "0"])
  ;[, url = ""] = await dev.says(/ API +(http:\S+)/)
})
afterAll(async () => {
  expect(await dev.stop("SIGINT")).toBe(0)
})

const run = (args: readonly string[], input?: string) =>
  fabra(args, { env: { FABRA_SERVER_URL: url }, ...(input === undefined ? {} : { input }) })
const json = async (args: readonly string[], input?: string) =>
  JSON.parse((await run([...args, "--json"], input)).stdout)

test("the curl it prints works, with the user's own event and entity", async () => {
  const [publish = "", read = ""] = [...dev.output.matchAll(/^curl (?:.*\\\n)*.*$/gm)].map(([line]) => line)
  expect(publish).toMatch(/^curl -X POST http:\/\/127\.0\.0\.1:\d+\/ingest\/purchase/)
  expect(JSON.parse(await shell(publish, { redis: 0, api: 0 }))).toMatchObject({ duplicate: false })
  await eventually(async () => JSON.parse(await shell(read, { redis: 0, api: 0 })).features).toMatchObject({
    last_purchase_amount: { value: 99.99, status: "PRESENT" },
    total_purchases: { value: 1 },
  })
  await dev.says(/ {2}purchase {2}User user_123 {2}.*\n/)
  expect(mask(dev.output)).toBe(screen("dev"))
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'fabra_events_processed_total{event_type="purchase"} 1\n',
  )
})

test("publish, get, lag and dlq go through its API", async () => {
  const purchase = ["publish", "purchase", "--entity", "ann", "--payload", '{"amount": 5, "product_id": "p"}']
  expect(await run([...purchase, "--event-id", "one"])).toMatchObject({ code: 0, stdout: "Published one.\n" })
  expect(await json([...purchase, "--event-id", "one"])).toEqual({ event_id: "one", duplicate: true })
  const lines = [1, 2, 3].map((amount) => ({ entity_id: "bob", payload: { amount, product_id: "p" } }))
  const input = [...lines, { entity_id: "bob", payload: {} }].map((line) => JSON.stringify(line)).join("\n")
  expect(await json(["publish", "purchase", "--file", "-"], input)).toMatchObject({
    ...{ published: 3, refused: 1 },
    refusals: [{ line: 4, code: "invalid_event" }],
  })
  await eventually(() => json(["get", "User", "bob"])).toMatchObject({
    ...{ entity: "User", entity_id: "bob" },
    features: { total_purchases: { value: 3 }, plan: { value: "free", status: "DEFAULT" } },
  })
  expect(await run(["get", "User", "bob", "nothing"])).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/^error: /),
  })
  expect(await run(["get", "Usr", "bob"])).toMatchObject({ code: 5 })
  expect(await json(["lag"])).toMatchObject({ group: "fabra_workers", events: expect.any(Number) })

  await run(["publish", "risky_event", "--entity", "cy", "--payload", '{"what": "that"}'])
  await eventually(() => json(["dlq", "list"])).toMatchObject([{ entity_id: "cy", features: ["risky_feature"] }])
  const [{ id }] = await json(["dlq", "list"])
  expect(await json(["dlq", "show", id])).toMatchObject({ id, event: { payload: { what: "that" } } })
  expect(await run(["dlq", "show", "1-1"])).toMatchObject({ code: 5 })
  expect(await json(["dlq", "replay", id])).toEqual({ replayed: 1, failed: [] })
  await eventually(() => json(["dlq", "list"])).toHaveLength(1)
  expect(await json(["dlq", "discard", "--all"])).toEqual({ discarded: 1 })
})

test("a failing handler is told with the place in the user's code, and that it is a dead letter", async () => {
  await run(["publish", "risky_event", "--entity", "di", "--payload", '{"what": "this"}'])
  await dev.says(/risky_event {2}di {2}risky_feature failed \(try 1\): my_features\.ts:\d+: the api said no to this/)
  await dev.says(/risky_event {2}di {2}risky_feature failed \(try 2, the last\): /)
  await dev.says(/risky_event {2}di {2}is a dead letter now \(handler_failed\)\. See `fabra dlq list`\./)
})

test("watch follows it", async () => {
  const watch = start(["watch"], { env: { FABRA_SERVER_URL: url } })
  await watch.says(/Watching http/)
  await eventually(async () => {
    await run(["publish", "purchase", "--entity", "eve", "--payload", '{"amount": 7, "product_id": "p"}'])
    return watch.output
  }).toMatch(/purchase {2}User eve {2}last_purchase_amount = 7 {2}total_purchases = \d/)
  expect(await watch.stop("SIGINT")).toBe(0)
})

test("a changed file is loaded anew and has computed all events; a broken one changes nothing", async () => {
  const file = await copyOf("my_features.ts")
  const own = start(["dev", file, "--port", "0", "--json"])
  const [, url = ""] = await own.says(/"type":"ready","url":"([^"]+)"/)
  const publish = () =>
    fabra(["publish", "purchase", "--entity", "ann", "--payload", '{"amount": 1, "product_id": "p"}'], {
      env: { FABRA_SERVER_URL: url },
    })
  const read = async () => (await (await fetch(`${url}/features/User/ann`)).json()) as { features: object }
  await publish()
  await eventually(read).toMatchObject({ features: { total_purchases: { value: 1 } } })

  const source = await readFile(file, "utf8")
  await writeFile(file, source.replace("return current + 1", "return current + ("))
  await own.says(/"type":"broken",.*features\.ts:\d+: Unexpected token/)
  await publish()
  await eventually(read).toMatchObject({ features: { total_purchases: { value: 2 } } })

  await writeFile(file, source.replace("return current + 1", "return current + 100").replace('"plan"', '"tariff"'))
  await own.says(/"type":"loaded",.*"replayed":2/)
  await publish()
  await eventually(read).toMatchObject({
    features: { total_purchases: { value: 300 }, tariff: { value: "free" }, total_spent: { value: 3 } },
  })
  expect(await own.stop()).toBe(0)
})

test("a feature that is new counts the events of before, none twice; after an erasure the data stays", async () => {
  const file = await copyOf("my_features.ts")
  const own = start(["dev", file, "--port", "0"])
  const [, url = ""] = await own.says(/ API +(http:\S+)/)
  const publish = (...entities: string[]) => {
    const lines = entities.map((id) => JSON.stringify({ entity_id: id, payload: { amount: 5, product_id: "p" } }))
    const env = { FABRA_SERVER_URL: url }
    return fabra(["publish", "purchase", "--file", "-"], { env, input: lines.join("\n") })
  }
  const read = async (id: string) => ((await (await fetch(`${url}/features/User/${id}`)).json()) as any).features
  await publish("ann", "ann", "bob")
  await eventually(() => read("bob")).toMatchObject({ total_spent: { value: 5 } })
  const source = await readFile(file, "utf8")
  const added = (name: string) => `
export const ${name} = store.feature("${name}", {
  entity: User, trigger: purchase, initial: 0, compute: (_id, _event, { current }) => current + 1,
})\n`
  await writeFile(file, source + added("first"))
  await own.says(/loaded anew, 3 events replayed\./)
  await publish("ann")
  await eventually(() => read("ann")).toMatchObject({ first: { value: 3 }, total_spent: { value: 15 } })
  expect(await read("bob")).toMatchObject({ first: { value: 1 }, total_spent: { value: 5 } })
  expect(own.output).not.toMatch(/is new|count from now/)

  await fetch(`${url}/entities/User/bob`, { method: "DELETE" })
  await writeFile(file, source + added("first") + added("second"))
  await own.says(/loaded anew, the data stayed; what is new counts from now/)
  await publish("ann")
  await eventually(() => read("ann")).toMatchObject({
    first: { value: 4 },
    second: { value: 1 },
    total_spent: { value: 20 },
  })
  expect(await read("bob")).toMatchObject({ total_spent: { status: "DEFAULT" } })
  expect(await own.stop()).toBe(0)
})

test("the code saved next tries what the code before has failed for good", async () => {
  const file = await copyOf("my_features.ts")
  const own = start(["dev", file, "--port", "0", "--json"])
  const [, url = ""] = await own.says(/"type":"ready","url":"([^"]+)"/)
  const env = { FABRA_SERVER_URL: url }
  await fabra(["publish", "risky_event", "--entity", "ann", "--payload", '{"what": "this"}'], { env })
  await own.says(/"type":"dead_letter"/)
  const source = await readFile(file, "utf8")
  await writeFile(file, source.replace(/throw new Error\(.*\)/, "return String(event.payload.what)"))
  await own.says(/"type":"loaded",.*"replayed":1/)
  const read = async () => (await (await fetch(`${url}/features/User/ann`)).json()) as { features: object }
  await eventually(read).toMatchObject({ features: { risky_feature: { value: "this" } } })
  expect(JSON.parse((await fabra(["dlq", "list", "--json"], { env })).stdout)).toEqual([])
  await writeFile(file, source)
  await own.says(/"type":"loaded"[\s\S]*"type":"loaded"/)
  expect(await own.stop()).toBe(0)
})

test("a port that is taken is told", async () => {
  const { code, stderr } = await spawned(["dev", "my_features.ts", "--port", new URL(url).port])
  expect(stderr).toBe(`error: Port ${new URL(url).port} is taken; choose another with --port.\n`)
  expect(code).toBe(2)
})

test("nobody there is told when three retries within a second have not helped, with what to do", async () => {
  const env = { FABRA_SERVER_URL: "http://127.0.0.1:1" }
  for (const args of [["publish", "purchase", "--entity", "ann"], ["watch"]]) {
    const { code, stderr } = await fabra(args, { env })
    expect(stderr).toMatch(
      /error: Nothing answers at http:\/\/127\.0\.0\.1:1 \(.*\)\. Start `fabra dev` or `fabra serve`, /,
    )
    expect(code).toBe(4)
  }
})
