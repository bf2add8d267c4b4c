import { type BadInput, JSON_TYPE } from "./bad-input.js"

const bodied = ["/ingest/login", "/ingest", "/features", "/dead-letters/replay", "/dead-letters/discard"]

const notJson: (string | Uint8Array)[] = [
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
  "//\n{}",
  "\ufeff",
  '"\n"',
  "<event/>",
  Uint8Array.of(0x22, 0xff, 0x22),
  Uint8Array.of(0xc0, 0x80),
]
const ofBodies: BadInput[] = bodied.flatMap((path) => [
  ...notJson.map((body, i) => ({
    name: `no JSON, ${i}`,
    method: "POST",
    path,
    headers: JSON_TYPE,
    body,
    status: 400,
    code: "invalid_json",
  })),
  ...["null", "true", "1", '"x"', path === "/ingest" ? "{}" : "[]"].map((body) => ({
    name: "JSON of the wrong kind",
    method: "POST",
    path,
    headers: JSON_TYPE,
    body,
    ...(path.startsWith("/ingest") ? { status: 422, code: "invalid_event" } : { status: 400, code: "invalid_request" }),
  })),
  ...["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx", "nonsense"].map(
    (type) => ({
      name: "a type that is not taken",
      method: "POST",
      path,
      headers: { "content-type": type },
      body: "{}",
      status: 415,
      code: "unsupported_media_type",
      at: 'headers["content-type"]',
    }),
  ),
  ...[
    { name: "no type", headers: {} },
    { name: "compressed", headers: { ...JSON_TYPE, "content-encoding": "gzip" } },
  ].map((one) => ({
    ...one,
    method: "POST",
    path,
    body: new TextEncoder().encode("{}"),
    status: 415,
    code: "unsupported_media_type",
  })),
])
const elsewhere: BadInput[] = ["application/x-ndjson", "application/cloudevents+json"].flatMap((type) =>
  bodied
    .filter((path) => path !== "/ingest")
    .map((path) => ({
      name: "a type that only /ingest takes",
      method: "POST",
      path,
      headers: { "content-type": type },
      body: "{}",
      status: 415,
      code: "unsupported_media_type",
    })),
)

/** Bodies that are no JSON, or not what their type says. */
export const BODIES: readonly BadInput[] = [...ofBodies, ...elsewhere]
