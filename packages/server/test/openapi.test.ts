import { Validator } from "@seriousme/openapi-schema-validator"
import { Ajv2020 } from "ajv/dist/2020.js"
import fc from "fast-check"
import { expect, test } from "vitest"
import { createApiKey } from "../src/index.js"
import { type Operation, operationsOf, requestFor, resolved, schemaOf } from "./openapi-client.js"
import { type Answer, linesOf, startAll, startServer } from "./support.js"

test("the document is valid, and describes every route", async () => {
  for (const apiKeys of [[], [createApiKey("ops", ["admin"]).apiKey]]) {
    const metrics = { contentType: "text/plain", text: async () => "" }
    const { get } = await startServer({ apiKeys, metrics, feed: { subscribe: async () => {} } })
    const { body } = await get("/openapi.json")
    expect(await new Validator().validate(structuredClone(body))).toEqual({ valid: true })
    const paths = Object.keys(body.paths).filter((path) => !/^\/ingest\/\w/.test(path))
    expect(paths.sort()).toEqual([
      "/catalog",
      "/dead-letters",
      "/dead-letters/discard",
      "/dead-letters/replay",
      "/dead-letters/{id}",
      "/entities/{entity}",
      "/entities/{entity}/{id}",
      "/features",
      "/features/{entity}/{id}",
      "/healthz",
      "/ingest",
      "/ingest/{event_type}",
      "/lag",
      "/metrics",
      "/readyz",
      "/search/{index}",
      "/watch",
    ])
    const { security } = body.paths["/ingest/{event_type}"].post
    expect(security).toEqual(apiKeys.length === 0 ? [] : [{ bearer: [] }, { key: [] }])
  }
})

test("without keys it has each event of the user, with what its payload holds; with keys nothing of them", async () => {
  const open = await startServer()
  const { paths, tags } = resolved((await open.get("/openapi.json")).body)
  expect(tags[0]).toEqual({ name: "your events" })
  const { post } = paths["/ingest/purchase"]
  expect(post).toMatchObject({ summary: "Take one purchase", tags: ["your events"] })
  expect(post.description).toContain("User.last_purchase_amount")
  expect(post.parameters.map(({ name }: { name: string }) => name)).not.toContain("event_type")
  const { schema, example } = post.requestBody.content["application/json"]
  expect(example).toBeUndefined()
  expect(schema.required).toContain("payload")
  expect(schema.properties.payload).toMatchObject({
    properties: { amount: { type: "number" }, product_id: { type: "string" } },
    required: ["amount"],
  })
  expect(paths["/ingest/login"].post.requestBody.content["application/json"].schema.required).not.toContain("payload")
  const closed = await startServer({ apiKeys: [createApiKey("ops", ["admin"]).apiKey] })
  const strange = (await closed.get("/openapi.json")).body
  expect(Object.keys(strange.paths).filter((path) => path.startsWith("/ingest/"))).toEqual(["/ingest/{event_type}"])
  expect(strange.tags).not.toContainEqual({ name: "your events" })
})

test("what is generated from it has names: of every operation its own, of each schema one, and where the server is", async () => {
  const { get } = await startServer({ metrics: { contentType: "text/plain", text: async () => "" } })
  const { body: document } = await get("/openapi.json")
  const ids = Object.values<Record<string, { operationId?: string }>>(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )
  expect(ids).toContain("getFeatures")
  expect(ids.every((id) => /^[a-z]\w*$/i.test(id ?? ""))).toBe(true)
  expect(new Set(ids).size).toBe(ids.length)
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(["DeadLetter", "Event", "FeatureValue", "Problem", "Waited"]),
  )
  const { responses } = document.paths["/features/{entity}/{id}"].get
  expect(responses[404].content["application/problem+json"].schema).toEqual({ $ref: "#/components/schemas/Problem" })
  expect(JSON.stringify(document)).not.toContain("x-fabra-name")
  expect(document.servers).toEqual([{ url: "/", description: "where this document is" }])
})

test("the page is served with all it needs, from here", async () => {
  const { get } = await startServer()
  const { status, text, headers } = await get("/docs")
  expect(status).toBe(200)
  expect(headers.get("content-security-policy")).toContain("default-src 'self'")
  const needed = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string)
  expect(needed.length).toBeGreaterThan(3)
  for (const path of needed) expect((await get(new URL(path, "http://x/docs").pathname)).status).toBe(200)
})

test("random requests, right and wrong: never a 500, always as documented, and what is acknowledged is applied", async () => {
  const applied = new Set<string>()
  const { get, call, worker, bus } = await startAll(
    {},
    { telemetry: { eventApplied: ({ event }) => applied.add(event.eventId) } },
  )
  const document = resolved((await get("/openapi.json")).body)
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const acknowledged = new Set<string>()
  const seen = new Map<string, Set<number>>()

  const check = (operation: Operation, answer: Answer) => {
    const type = answer.headers.get("content-type")?.split(";", 1)[0]
    const documented = schemaOf(operation, answer.status, type)
    expect(documented, `${operation.name} answered ${answer.status} ${type}`).toBeDefined()
    if (answer.body !== undefined) {
      const validate = ajv.compile(documented as object)
      expect(validate(answer.body), `${JSON.stringify(validate.errors)} ${answer.text.slice(0, 500)}`).toBe(true)
    }
    const results = type === "application/x-ndjson" ? linesOf(answer) : (answer.body?.results ?? [answer.body])
    for (const result of results) if (result?.duplicate !== undefined) acknowledged.add(result.event_id)
  }

  const anyRequest = fc
    .constantFrom(...operationsOf(document).filter(({ method }) => method !== "DELETE")) // each waits for workers
    .chain((operation) => requestFor(operation).map((request) => ({ operation, request })))
  await fc.assert(
    fc.asyncProperty(anyRequest, async ({ operation, request: { method, path, body, headers } }) => {
      const answer = await call(method, path, body, headers)
      expect(answer.status).toBeLessThan(500)
      check(operation, answer)
      seen.set(operation.name, (seen.get(operation.name) ?? new Set()).add(answer.status))
    }),
    { numRuns: 1000 },
  )

  await worker.idle()
  const dead = (await bus.deadLetters.list({}, { limit: 1000 })).entries.map(({ eventId }) => eventId)
  const lost = [...acknowledged].filter((id) => !applied.has(id) && !dead.includes(id))
  expect(lost).toEqual([])
  // The requests were of both kinds, or this would prove little.
  expect(acknowledged.size).toBeGreaterThan(50)
  for (const name of [
    "post /ingest/{event_type}",
    "post /features",
    "get /features/{entity}/{id}",
    "post /search/{index}",
  ]) {
    const statuses = [...(seen.get(name) ?? [])]
    expect(statuses.some((status) => status < 300)).toBe(true)
    expect(statuses.some((status) => status >= 400)).toBe(true)
  }
}, 120_000)
