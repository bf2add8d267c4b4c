import { type BadInput, JSON_TYPE, LONE_SURROGATE, spell } from "./bad-input.js"

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
  ...["9", "null", "%5B1%5D", "%7Boops", ""].map(
    (input) => [`/features/User/ann?input=${input}`, 400, "invalid_request", "query.input"] as const,
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
  ["/entities/User?after=nowhere", 400, "invalid_request", "query.after"],
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
  name: String(path).slice(0, 60),
  method: "GET",
  path: path as string,
  status: status as number,
  code: code as string,
  at: at as string | undefined,
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
  name: `rows: ${at}`,
  method: "POST",
  path: "/features",
  headers: JSON_TYPE,
  at,
  body: spell({ ...rows, ...fields }),
  ...badRequest,
}))
const ofUnknownRows: BadInput[] = ["view", "__proto__", "", "constructor"].map((feature) => ({
  name: `rows: feature ${feature}`,
  method: "POST",
  path: "/features",
  headers: JSON_TYPE,
  at: "features[0]",
  body: spell({ ...rows, features: [feature] }),
  status: 404,
  code: "unknown_feature",
}))

const ofSearches: BadInput[] = (
  [
    [{ text: undefined }, "text"],
    [{ text: "" }, "text"],
    [{ text: " \n" }, "text"],
    [{ text: 5 }, "text"],
    [{ text: null }, "text"],
    [{ text: undefined, vector: [1] }, "vector"],
    [{ vector: [] }, "vector"],
    [{ vector: new Array(256).fill(0) }, "vector"],
    [{ vector: new Array(256).fill(1e300) }, "vector"],
    [{ vector: ["1"] }, "vector[0]"],
    [{ vector: new Array(256).fill("1e999") }, "vector"],
    [{ vector: "1" }, "vector"],
    [{ text: undefined, vector: new Array(256).fill(1), mode: "hybrid" }, "text"],
    ...[0, -1, 1.5, 1001, "10", null].map((top_k) => [{ top_k }, "top_k"]),
    ...["words", "", null, 1].map((mode) => [{ mode }, "mode"]),
    ...["a", null, [], 1].map((filter) => [{ filter }, "filter"]),
    [{ filter: { $nor: [] } }, "filter.$nor"],
    [{ filter: { $and: {} } }, "filter.$and"],
    [{ filter: { $or: [{}, 1] } }, "filter.$or[1]"],
    [{ filter: { $not: { lang: [] } } }, "filter.$not.lang"],
    [{ filter: { year: "1e999" } }, "filter.year"],
    [{ filter: { year: { $gte: null } } }, "filter.year.$gte"],
    [{ filter: { year: { $in: 2020 } } }, "filter.year.$in"],
    [{ filter: { year: { gte: 2020 } } }, "filter.year.gte"],
    [{ filter: JSON.parse('{"__proto__": {"a": 1}}') }, "filter.__proto__.a"],
    [{ topK: 5 }, "topK"],
    [{ query: "hats" }, "query"],
  ] as [Record<string, unknown>, string][]
).map(([fields, at]) => ({
  name: `search: ${at}`,
  method: "POST",
  path: "/search/reviews",
  headers: JSON_TYPE,
  at,
  body: spell({ text: "hats", ...fields }),
  ...badRequest,
}))
const ofUnknownIndexes: BadInput[] = ["review", "Reviews", "__proto__", "%20"].map((index) => ({
  name: `search: index ${index}`,
  method: "POST",
  path: `/search/${index}`,
  headers: JSON_TYPE,
  at: "index",
  body: spell({ text: "hats" }),
  status: 404,
  code: "unknown_index",
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
    name: `ids: ${at}`,
    method: "POST",
    path,
    headers: JSON_TYPE,
    body: spell(body),
    at: at as string,
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
  ["/search/reviews", "GET", "PUT", "DELETE"],
  ["/dead-letters", "POST", "DELETE"],
  ["/dead-letters/1", "POST", "PUT", "DELETE"],
  ["/dead-letters/replay", "PUT", "DELETE"],
  ["/lag", "POST", "DELETE"],
  ["/healthz", "POST"],
  ["/readyz", "POST"],
].flatMap(([path, ...methods]) =>
  methods.map((method) => ({
    name: "another method",
    method,
    path: path as string,
    status: 405,
    code: "method_not_allowed",
  })),
)

/** What is asked wrongly elsewhere. */
export const OTHERS: readonly BadInput[] = [
  ofReads,
  ofRows,
  ofUnknownRows,
  ofSearches,
  ofUnknownIndexes,
  ofIds,
  ofMethods,
].flat()
