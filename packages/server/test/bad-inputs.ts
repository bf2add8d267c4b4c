// What clients get wrong, and what they are told: status and code of every case, and where the fault is said to lie.

/** A request that must be refused. */
export interface BadInput {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly status: number
  readonly code: string
  /** Where the fault is said to lie; not checked when left out. */
  readonly at?: string
  /** The fault is a result among many: the answer is 207, and its first result has this status and code. */
  readonly asResult?: "array" | "ndjson"
}

const JSON_TYPE = { "content-type": "application/json" }
const NDJSON_TYPE = { "content-type": "application/x-ndjson" }
const HUGE_NUMBER = '"1e999"' // JSON.stringify cannot write it
const spell = (value: unknown) => JSON.stringify(value).replaceAll(HUGE_NUMBER, "1e999")
const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) })
const LONE_SURROGATE = "\ud800"

const bodied = ["/ingest/login", "/ingest", "/features", "/dead-letters/replay", "/dead-letters/discard"]

const notJson: (string | Uint8Array)[] = [
  ...[
    "",
    " ",
    "{",
    "[",
    "nul",
    "{'entity_id':1}",
    '{"entity_id":"a",}',
    "NaN",
    "undefined",
    '{"a":01}',
    "\u0000",
    "{}{}",
  ],
  ...["//\n{}", "\ufeff", '"\n"', "<event/>", Uint8Array.of(0x22, 0xff, 0x22), Uint8Array.of(0xc0, 0x80)],
]
const ofBodies: BadInput[] = bodied.flatMap((path) => [
  ...notJson.map((body, i) => ({
    ...{ name: `no JSON, ${i}`, method: "POST", path, headers: JSON_TYPE, body, status: 400, code: "invalid_json" },
  })),
  ...["null", "true", "1", '"x"', path === "/ingest" ? "{}" : "[]"].map((body) => ({
    ...{ name: "JSON of the wrong kind", method: "POST", path, headers: JSON_TYPE, body },
    ...(path.startsWith("/ingest") ? { status: 422, code: "invalid_event" } : { status: 400, code: "invalid_request" }),
  })),
  ...["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx", "nonsense"].map(
    (type) => ({
      ...{ name: "a type that is not taken", method: "POST", path, headers: { "content-type": type }, body: "{}" },
      ...{ status: 415, code: "unsupported_media_type", at: 'headers["content-type"]' },
    }),
  ),
  ...[
    { name: "no type", headers: {} },
    { name: "compressed", headers: { ...JSON_TYPE, "content-encoding": "gzip" } },
  ].map((one) => ({
    ...one,
    ...{ method: "POST", path, body: new TextEncoder().encode("{}"), status: 415, code: "unsupported_media_type" },
  })),
])
const elsewhere: BadInput[] = ["application/x-ndjson", "application/cloudevents+json"].flatMap((type) =>
  bodied
    .filter((path) => path !== "/ingest")
    .map((path) => ({
      ...{
        name: "a type that only /ingest takes",
        method: "POST",
        path,
        headers: { "content-type": type },
        body: "{}",
      },
      ...{ status: 415, code: "unsupported_media_type" },
    })),
)

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
  ...{ name: "payload against its schema", method: "POST", path: "/ingest/purchase", headers: JSON_TYPE, at },
  ...{ body: spell({ entity_id: "ann", payload }), ...invalidEvent },
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
  ...{ name: `ingest${query}`, method: "POST", path: `/ingest/login${query}`, headers: JSON_TYPE },
  ...{ body: spell({ entity_id: "ann" }), status: 400, code: "invalid_request", at: at as string },
}))

const ofKeys: BadInput[] = [
  ...["a b", "", "é"].map((key) => ({ key, path: "/ingest/login", status: 400, code: "invalid_request" })),
  { key: "k".repeat(300), path: "/ingest/login", ...invalidEvent },
  { key: "other", path: "/ingest/login", status: 400, code: "invalid_request" },
  { key: "e1", path: "/ingest", status: 400, code: "invalid_request" },
].map(({ key, path, status, code }) => ({
  ...{ name: `Idempotency-Key ${key}`, method: "POST", path, headers: { ...JSON_TYPE, "idempotency-key": key } },
  ...{ body: spell(key.length > 100 ? { entity_id: "ann" } : good), status, code },
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
      ...{ ...event, headers: { "content-type": "application/cloudevents-batch+json" } },
      ...{ body: `[${body}]`, asResult: "array" as const },
    },
  ]
})

const badRequest = { status: 400, code: "invalid_request" }
const ofReads: BadInput[] = [
  ["/features/Usr/ann", 404, "unknown_entity", "entity"],
  ["/features/user/ann", 404, "unknown_entity", "entity"],
  ["/features/__proto__/ann", 404, "unknown_entity", "entity"],
  ["/features/User/ann?names=total", 404, "unknown_feature", "query.names"],
  ["/features/User/ann?names=views", 404, "unknown_feature", "query.names"],
  ["/features/User/ann?names=", 404, "unknown_feature", "query.names"],
  ["/features/User/ann?names=said,", 404, "unknown_feature", "query.names"],
  ["/features/User/ann?names=__proto__", 404, "unknown_feature", "query.names"],
  ["/features/User/ann?names=said&names=cents", 400, "invalid_request", "query.names"],
  ["/features/User/ann?name=said", 400, "invalid_request", "query.name"],
  ...["60", "s", "-1s", "1w", "1s1s", "", "1e3s", "1S"].map(
    (age) => [`/features/User/ann?max_age=${age}`, 400, "invalid_request", "query.max_age"] as const,
  ),
  [`/features/User/${"x".repeat(1025)}`, 400, "invalid_request", "id"],
  [`/features/User/${"%C3%BC".repeat(513)}`, 400, "invalid_request", undefined],
  ["/features/User/%", 400, "invalid_request", undefined],
  ["/features/User/%zz", 400, "invalid_request", undefined],
  ["/features/User/%ff", 400, "invalid_request", undefined],
  ["/features/User", 404, "not_found", undefined],
  ["/features/User/a/b", 404, "not_found", undefined],
  ["/entities/Usr", 404, "unknown_entity", "entity"],
  ["/entities", 404, "not_found", undefined],
  ...["0", "-1", "1.5", "ten", "10001", "", "1e9"].map(
    (limit) => [`/entities/User?limit=${limit}`, 400, "invalid_request", "query.limit"] as const,
  ),
  ["/entities/User?page=2", 400, "invalid_request", "query.page"],
  ...["0", "1001", "ten"].map(
    (limit) => [`/dead-letters?limit=${limit}`, 400, "invalid_request", "query.limit"] as const,
  ),
  ["/dead-letters?reason=bad_luck", 400, "invalid_request", "query.reason"],
  ["/dead-letters?since=yesterday", 400, "invalid_request", "query.since"],
  ["/dead-letters?until=2026-02-30", 400, "invalid_request", "query.until"],
  ["/dead-letters?feature=a&feature=b", 400, "invalid_request", "query.feature"],
  [`/dead-letters?after=${"x".repeat(257)}`, 400, "invalid_request", "query.after"],
  ["/dead-letters?eventType=login", 400, "invalid_request", "query.eventType"],
  ["/dead-letters/nothing", 404, "not_found", "id"],
  ["/dead-letters/%F0%9F%98%80", 404, "not_found", "id"],
  ["/lag?group=nobody", 404, "not_found", undefined],
  ["/lag?group=", 400, "invalid_request", "query.group"],
  ["/lag?group=a b", 400, "invalid_request", "query.group"],
  ["/lag?groups=a", 400, "invalid_request", "query.groups"],
  ["/", 404, "not_found", undefined],
  ["/nothing", 404, "not_found", undefined],
  ["/healthz/", 404, "not_found", undefined],
  ["//ingest", 404, "not_found", undefined],
].map(([path, status, code, at]) => ({
  ...{ name: String(path).slice(0, 60), method: "GET", path: path as string },
  ...{ status: status as number, code: code as string, ...(at === undefined ? {} : { at: at as string }) },
}))

const rows = { features: ["views", "visits"], entity_rows: [{ user_id: "ann", product_id: "p1" }] }
const ofRows: BadInput[] = (
  [
    [{ features: undefined }, "features"],
    [{ features: [] }, "features"],
    [{ features: "views" }, "features"],
    [{ features: null }, "features"],
    [{ features: [1] }, "features[0]"],
    [{ features: ["views", null] }, "features[1]"],
    [{ features: new Array(101).fill("views") }, "features"],
    [{ entity_rows: undefined }, "entity_rows"],
    [{ entity_rows: {} }, "entity_rows"],
    [{ entity_rows: ["ann"] }, "entity_rows[0]"],
    [{ entity_rows: [null] }, "entity_rows[0]"],
    [{ entity_rows: [{ user_id: "ann" }] }, "entity_rows[0].product_id"],
    [{ entity_rows: [{}] }, "entity_rows[0].product_id"],
    [{ entity_rows: [...rows.entity_rows, { product_id: "p1" }] }, "entity_rows[1].user_id"],
    [{ entity_rows: [{ ...rows.entity_rows[0], doc_id: "d" }] }, "entity_rows[0]"],
    ...[1, null, [], {}, true].map((user_id) => [
      { entity_rows: [{ product_id: "p", user_id }] },
      "entity_rows[0].user_id",
    ]),
    ...["", "x".repeat(1025), LONE_SURROGATE].map((user_id) => [
      { entity_rows: [{ product_id: "p", user_id }] },
      "entity_rows[0].user_id",
    ]),
    [{ entity_rows: new Array(1001).fill(rows.entity_rows[0]) }, "entity_rows"],
    [{ max_age: 60 }, "max_age"],
    [{ max_age: "60" }, "max_age"],
    [{ entities: [] }, "entities"],
    [JSON.parse('{"__proto__": 1}'), "__proto__"],
  ] as [Record<string, unknown>, string][]
).map(([fields, at]) => ({
  ...{ name: `rows: ${at}`, method: "POST", path: "/features", headers: JSON_TYPE, at },
  ...{ body: spell({ ...rows, ...fields }), ...badRequest },
}))
const ofUnknownRows: BadInput[] = ["view", "__proto__", "", "constructor"].map((feature) => ({
  ...{ name: `rows: feature ${feature}`, method: "POST", path: "/features", headers: JSON_TYPE, at: "features[0]" },
  ...{ body: spell({ ...rows, features: [feature] }), status: 404, code: "unknown_feature" },
}))

const ofIds: BadInput[] = ["/dead-letters/replay", "/dead-letters/discard"].flatMap((path) =>
  [
    [{}, "ids"],
    [{ ids: [] }, "ids"],
    [{ ids: "1" }, "ids"],
    [{ ids: [1] }, "ids[0]"],
    [{ ids: [""] }, "ids[0]"],
    [{ ids: ["x".repeat(257)] }, "ids[0]"],
    [{ ids: new Array(101).fill("1") }, "ids"],
    [{ ids: ["1"], all: true }, "all"],
  ].map(([body, at]) => ({
    ...{ name: `ids: ${at}`, method: "POST", path, headers: JSON_TYPE, body: spell(body), at: at as string },
    ...badRequest,
  })),
)

const ofMethods: BadInput[] = [
  ["/ingest/login", "GET", "PUT", "PATCH", "DELETE"],
  ["/ingest", "GET", "PUT", "DELETE"],
  ["/features/User/ann", "POST", "PUT", "DELETE"],
  ["/features", "GET", "PUT"],
  ["/entities/User", "POST", "DELETE"],
  ["/catalog", "POST", "PUT"],
  ["/dead-letters", "POST", "DELETE"],
  ["/dead-letters/1", "POST", "PUT", "DELETE"],
  ["/dead-letters/replay", "PUT", "DELETE"],
  ["/lag", "POST", "DELETE"],
  ["/healthz", "POST"],
  ["/readyz", "POST"],
].flatMap(([path, ...methods]) =>
  methods.map((method) => ({
    ...{ name: "another method", method, path: path as string, status: 405, code: "method_not_allowed" },
  })),
)

export const BAD_INPUTS: readonly BadInput[] = [
  ...[ofBodies, elsewhere, ofFields, ofPayloads, ofTypes, ofOne, ofKeys, ofCloudEvents, ofReads],
  ...[ofRows, ofUnknownRows, ofIds, ofMethods],
].flat()
