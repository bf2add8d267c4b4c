import { type BadInput, JSON_TYPE, LONE_SURROGATE, NDJSON_TYPE, nested, spell } from "./bad-input.js"

/** What is wrong with an event of type `login`, as fields put over good ones, and where. */
const badFields: [name: string, fields: Record<string, unknown>, at: string][] = [
  ["no entity", { entity_id: undefined }, "entity_id"],
  ...[null, 1, true, [], {}, "", "x".repeat(1025), "ü".repeat(513), "😀".repeat(257), LONE_SURROGATE].map(
    (entity_id): [string, Record<string, unknown>, string] => ["entity_id", { entity_id }, "entity_id"],
  ),
  ...[null, 1, true, [], {}, "", "x".repeat(257), "ü".repeat(129), "a\nb", "a\u0000", LONE_SURROGATE].map(
    (event_id): [string, Record<string, unknown>, string] => ["event_id", { event_id }, "event_id"],
  ),
  ...[null, true, [], {}, "", "yesterday", "2026-13-01", "2026-02-30", "2026-01-01T25:00Z", "10000-01-01", 1e300].map(
    (timestamp): [string, Record<string, unknown>, string] => ["timestamp", { timestamp }, "timestamp"],
  ),
  ...[null, 1, true, "x", []].map((payload): [string, Record<string, unknown>, string] => [
    "payload",
    { payload },
    "payload",
  ]),
  ["a payload too deep", { payload: nested(65) }, `payload${".a".repeat(64)}`],
  ["a number too large", { payload: { n: "1e999" } }, "payload.n"],
  ["a number too large, deeper", { payload: { list: [1, { n: "1e999" }] } }, "payload.list[1].n"],
  ["a trace that is no text", { traceparent: 1 }, "traceparent"],
  ...["entityId", "eventId", "Timestamp", "type", "replay", "awaited", "constructor"].map(
    (key): [string, Record<string, unknown>, string] => [`unknown ${key}`, { [key]: "x" }, key],
  ),
  ["unknown __proto__", JSON.parse('{"__proto__": {}}'), "__proto__"],
]
const good = { event_type: "login", entity_id: "ann", event_id: "e1" }
const invalidEvent = { status: 422, code: "invalid_event" }
const ofFields: BadInput[] = badFields.flatMap(([name, fields, at]) => {
  const body = spell({ ...good, ...fields })
  const event = { name: `event: ${name}`, method: "POST", ...invalidEvent, at }
  return [
    { ...event, path: "/ingest/login", headers: JSON_TYPE, body },
    { ...event, path: "/ingest", headers: JSON_TYPE, body: `[${body}]`, asResult: "array" as const },
    { ...event, path: "/ingest", headers: NDJSON_TYPE, body, asResult: "ndjson" as const },
  ]
})

const badPayloads: [payload: unknown, at: string][] = [
  [{}, "payload.amount"],
  [{ amount: "5" }, "payload.amount"],
  [{ amount: null }, "payload.amount"],
  [{ amount: 5, product_id: 7 }, "payload.product_id"],
]
const ofPayloads: BadInput[] = badPayloads.map(([payload, at]) => ({
  name: "payload against its schema",
  method: "POST",
  path: "/ingest/purchase",
  headers: JSON_TYPE,
  at,
  body: spell({ entity_id: "ann", payload }),
  ...invalidEvent,
}))

const ofTypes: BadInput[] = ["logi", "LOGIN", "", "a b", "__proto__", "constructor", "x".repeat(200)].flatMap(
  (type) => {
    const event = {
      name: `event type ${type}`,
      method: "POST",
      status: 404,
      code: "unknown_event_type",
      at: "event_type",
    }
    const many = { ...event, path: "/ingest", headers: JSON_TYPE, body: spell([{ ...good, event_type: type }]) }
    const one = { ...event, path: `/ingest/${encodeURIComponent(type)}`, headers: JSON_TYPE }
    return [
      { ...many, asResult: "array" as const },
      // A path without a type is no route at all, and one that goes on too long is none of ours.
      ...(type === "" ? [] : [{ ...one, body: spell({ entity_id: "ann" }) }]),
    ]
  },
)

const ofOne: BadInput[] = [
  ["?wait=now", "query.wait"],
  ["?wait=", "query.wait"],
  ["?dry_run=yes", "query.dry_run"],
  ["?dry_run", "query.dry_run"],
  ["?timeout=2s", "query.timeout"],
  ["?wait=applied&timeout=2", "query.timeout"],
  ["?wait=applied&timeout=2 s", "query.timeout"],
  ["?wait=applied&timeout=-2s", "query.timeout"],
  ["?wait=applied&timeout=1.5s", "query.timeout"],
  ["?wait=applied&timeout=31s", "query.timeout"],
  ["?wait=applied&timeout=9999999999d", "query.timeout"],
  ["?wait=applied&dry_run=true", "query.dry_run"],
  ["?wait=applied&wait=applied", "query.wait"],
  ["?wiat=applied", "query.wiat"],
  ["?__proto__=1", "query.__proto__"],
].map(([query, at]) => ({
  name: `ingest${query}`,
  method: "POST",
  path: `/ingest/login${query}`,
  headers: JSON_TYPE,
  body: spell({ entity_id: "ann" }),
  status: 400,
  code: "invalid_request",
  at: at as string,
}))

const ofKeys: BadInput[] = [
  ...["a b", "", "é"].map((key) => ({ key, path: "/ingest/login", status: 400, code: "invalid_request" })),
  { key: "k".repeat(300), path: "/ingest/login", ...invalidEvent },
  { key: "other", path: "/ingest/login", status: 400, code: "invalid_request" },
  { key: "e1", path: "/ingest", status: 400, code: "invalid_request" },
].map(({ key, path, status, code }) => ({
  name: `Idempotency-Key ${key}`,
  method: "POST",
  path,
  headers: { ...JSON_TYPE, "idempotency-key": key },
  body: spell(key.length > 100 ? { entity_id: "ann" } : good),
  status,
  code,
}))

const cloudEvent = { specversion: "1.0", id: "1", source: "/shop", type: "login", subject: "ann" }
const badCloudEvents: [fields: Record<string, unknown>, at: string][] = [
  ...Object.keys(cloudEvent).map((key): [Record<string, unknown>, string] => [{ [key]: undefined }, key]),
  ...Object.keys(cloudEvent).map((key): [Record<string, unknown>, string] => [{ [key]: null }, key]),
  ...Object.keys(cloudEvent).map((key): [Record<string, unknown>, string] => [{ [key]: 1 }, key]),
  [{ specversion: "0.3" }, "specversion"],
  [{ source: "/my shop" }, "source"],
  [{ source: "s".repeat(300) }, "event_id"],
  [{ time: "soon" }, "timestamp"],
  [{ time: 5 }, "time"],
  [{ data: [] }, "data"],
  [{ data: "text" }, "data"],
  [{ data_base64: "e30=" }, "data_base64"],
  [{ datacontenttype: "text/xml" }, "datacontenttype"],
  [{ subject: "" }, "subject"],
  [{ subject: "x".repeat(1025) }, "entity_id"],
]
const ofCloudEvents: BadInput[] = badCloudEvents.flatMap(([fields, at]) => {
  const body = spell({ ...cloudEvent, ...fields })
  const event = { name: `CloudEvent: ${at}`, method: "POST", path: "/ingest", ...invalidEvent, at }
  return [
    { ...event, headers: { "content-type": "application/cloudevents+json" }, body },
    {
      ...event,
      headers: { "content-type": "application/cloudevents-batch+json" },
      body: `[${body}]`,
      asResult: "array" as const,
    },
  ]
})

/** Events that are none. */
export const EVENTS: readonly BadInput[] = [ofFields, ofPayloads, ofTypes, ofOne, ofKeys, ofCloudEvents].flat()
