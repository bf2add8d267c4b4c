import { setTimeout as delay } from "node:timers/promises"
import type { Raw } from "./raw.js"

/** How much one kind sends. */
export interface Amount {
  /** Requests, as far as the kind has so many: those that are dear are fewer. */
  readonly requests: number
  readonly perSecond: number
  /** How long connections that nobody reads stay. */
  readonly holdMs: number
}

/** Sends requests of one kind. */
export type Kind = (raw: Raw, amount: Amount) => Promise<void>

const JSON_BODY = "content-type: application/json"
const LINES = "content-type: application/x-ndjson"
const MEGABYTE = 1_000_000

/** What clients send that mean harm, or know no better. */
export const KINDS = {
  "unknown method": cheap((raw) => raw.text("QUERY /x")),
  "climbing path": cheap((raw) => raw.text("GET /docs/static/..%5c..%5cpackage.json")),
  "unknown path": cheap((raw) => raw.text("GET /nowhere?password=hush")),
  "wrong key": cheap((raw) => raw.text("GET /features/User/ann").replace(/x-api-key: .*/, "x-api-key: fabra_wrong")),
  "unknown parameter": cheap((raw) => raw.text("POST /ingest?dry_run=true", { headers: [JSON_BODY], body: "[]" })),
  "no JSON": cheap((raw) => raw.text("POST /ingest", { headers: [JSON_BODY], body: '{"event_type":' })),
  "no HTTP": separate(20, (raw) => raw.once("\u0016\u0003\u0001 nothing of HTTP\r\n\r\n")),
  "long headers": separate(20, (raw) =>
    raw.once(raw.text("GET /catalog", { headers: [`x-long: ${"x".repeat(40_000)}`] })),
  ),
  "body breaks off": separate(10, async (raw) => {
    const head = raw.text("POST /ingest", { headers: [JSON_BODY, "content-length: 1000"] })
    await raw.once(`${head}{"event_type":`, { breaksOff: true })
  }),
  "deep nesting": separate(50, (raw) => {
    const body = `{"entity_id":"a","payload":{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}}`
    return raw.once(raw.text("POST /ingest/purchase", { headers: [JSON_BODY], body }))
  }),
  "wrong in every value": separate(500, (raw) => {
    const body = `[${"0,".repeat(MEGABYTE / 2 - 1)}0]`
    return raw.once(raw.text("POST /ingest", { headers: [JSON_BODY], body }))
  }),
  "refused lines": separate(500, (raw) =>
    raw.once(raw.text("POST /ingest", { headers: [LINES], body: "0\n".repeat(MEGABYTE / 2) })),
  ),
  "refused lines, never read": held(100, 500, (raw) =>
    raw.mute(raw.text("POST /ingest", { headers: [LINES], body: "0\n".repeat(MEGABYTE / 2) })),
  ),
  "one id a thousand times": separate(200, async (raw) => {
    const rows = Array.from({ length: 1_000 }, () => ({ user_id: "large" }))
    const body = JSON.stringify({ features: ["note"], entity_rows: rows })
    await raw.once(raw.text("POST /features", { headers: [JSON_BODY], body }))
  }),
  "chunks of a byte": separate(500, (raw) => raw.once(oneByteChunks(raw))),
  "head that never ends": held(200, 50, (raw) => raw.mute(raw.text("GET /catalog").trimEnd())),
  "watches, never read": held(200, 50, (raw) => raw.mute(raw.text("GET /watch"))),
  waits: held(4_000, 1, (raw) => {
    const body = JSON.stringify({ entity_id: "waits", payload: {} })
    return raw.mute(raw.text("POST /ingest/purchase?wait=applied&timeout=20s", { headers: [JSON_BODY], body }))
  }),
} satisfies Record<string, Kind>

/** Name of one of {@link KINDS}. */
export type KindName = keyof typeof KINDS

/** The same small request over and over. */
function cheap(text: (raw: Raw) => string): Kind {
  return (raw, { requests, perSecond }) => raw.flood(text(raw), requests, perSecond)
}

/** Requests on connections of their own, four at once. @param cost how many cheap requests one of them counts for */
function separate(cost: number, send: (raw: Raw) => Promise<void>): Kind {
  return async (raw, { requests, perSecond }) => {
    const count = Math.max(4, Math.ceil(requests / cost))
    const pauseMs = (4 * cost * 1_000) / perSecond
    let left = count
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (left-- > 0) await Promise.all([send(raw), delay(Math.min(pauseMs, 1_000))])
      }),
    )
  }
}

/** Connections that stay, nobody reading. */
function held(most: number, cost: number, open: (raw: Raw) => unknown): Kind {
  return async (raw, { requests, holdMs }) => {
    const count = Math.min(most, Math.max(4, Math.ceil(requests / cost)))
    for (let i = 0; i < count; i++) {
      open(raw)
      raw.count("-")
      if (i % 50 === 49) await delay(50)
    }
    await delay(holdMs) // others are to be served meanwhile
    raw.close()
  }
}

async function* oneByteChunks(raw: Raw): AsyncGenerator<string> {
  yield raw.text("POST /ingest", { headers: [LINES, "transfer-encoding: chunked"] })
  for (let i = 0; i < 100; i++) {
    yield "1\r\nx\r\n".repeat(1_000)
    await delay(1)
  }
  yield "0\r\n\r\n"
}
