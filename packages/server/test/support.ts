import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { defineEvent, type EventBus, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { AxiomWorker, type WorkerOptions } from "@fabra/worker"
import { onTestFinished } from "vitest"
import { z } from "zod"
import { createServer, type ServerOptions } from "../src/index.js"

export const purchase = defineEvent("purchase", z.object({ amount: z.number(), product_id: z.string().optional() }))

/** A store with something of everything that the API serves. */
export function testStore() {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const Product = store.entity("Product", { key: "product_id" })
  store.feature("last_purchase_amount", { entity: User, trigger: purchase, compute: (_id, e) => e.payload.amount })
  store.feature("total_purchases", {
    entity: User,
    trigger: [purchase, "gift"],
    initial: 0,
    compute: (_id, _e, { current }) => current + 1,
  })
  store.feature("last_login", { entity: User, trigger: "login", compute: (_id, e) => e.timestamp })
  store.feature("said", { entity: User, trigger: "say", compute: (_id, e) => e.payload })
  store.feature("cents", { entity: User, trigger: "pay", compute: (_id, e) => BigInt(String(e.payload.cents ?? 0)) })
  store.feature("loud", { entity: User, trigger: "whisper", when: () => false, compute: () => true })
  store.feature("views", {
    entity: Product,
    trigger: ["view", "visit"],
    initial: 0,
    compute: (_id, _e, { current }) => current + 1,
  })
  store.feature("visits", {
    entity: User,
    trigger: "visit",
    initial: 0,
    compute: (_id, _e, { current }) => current + 1,
  })
  store.feature("fragile", {
    entity: User,
    trigger: ["fall", "visit"],
    when: (e) => e.eventType === "fall" || e.payload.hard === true,
    maxRetries: 0,
    compute: (_id, e) => {
      throw new Error(`broken by ${e.eventId}`)
    },
  })
  store.vectorIndex("reviews")
  return store
}

/** A server on a free port, in memory unless told otherwise, stopped when the test ends. */
export async function startServer(options: Partial<ServerOptions> = {}) {
  const store = testStore()
  const bus = options.bus ?? new MemoryEventBus({ partitions: 4 })
  const cache = options.cache ?? new MemoryFeatureCache()
  const server = createServer(store, { logger: silent, port: 0, ...options, bus, cache })
  const { url } = await server.listen()
  onTestFinished(() => server.close())
  return { store, bus, cache, server, url, ...client(url) }
}

/** The same, with a worker. */
export async function startAll(options: Partial<ServerOptions> = {}, workerOptions: Partial<WorkerOptions> = {}) {
  const all = await startServer(options)
  const worker = startWorker(all.store, all.bus, workerOptions)
  return { ...all, worker }
}

export function startWorker(store: FeatureStore, bus: EventBus, options: Partial<WorkerOptions> = {}): AxiomWorker {
  const worker = new AxiomWorker(store, { bus, logger: silent, ...options })
  worker.run().catch(() => {})
  onTestFinished(() => worker.stop())
  return worker
}

/** An answer, read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed, when it is JSON. */
  readonly body: any
}

export type Headers_ = Readonly<Record<string, string>>

export function client(url: string) {
  const call = async (method: string, path: string, body?: string | Uint8Array, headers: Headers_ = {}) => {
    const response = await fetch(url + path, { method, headers, body: body ?? null })
    return read(response)
  }
  const json = { "content-type": "application/json" }
  return {
    call,
    get: (path: string, headers?: Headers_) => call("GET", path, undefined, headers),
    post: (path: string, body: unknown, headers?: Headers_) =>
      call("POST", path, JSON.stringify(body), { ...json, ...headers }),
    ndjson: (lines: readonly unknown[], headers?: Headers_) =>
      call("POST", "/ingest", lines.map((line) => `${JSON.stringify(line)}\n`).join(""), {
        "content-type": "application/x-ndjson",
        ...headers,
      }),
    values: async (id: string, entity = "User") => {
      const { body } = await call("GET", `/features/${entity}/${encodeURIComponent(id)}`)
      return Object.fromEntries(
        Object.entries<{ value: unknown }>(body.features).map(([name, { value }]) => [name, value]),
      )
    },
  }
}

export async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  const { status, headers } = response
  const isJson = /[/+]json/.test(headers.get("content-type") ?? "") && !/ndjson/.test(headers.get("content-type") ?? "")
  return { status, headers, text, body: isJson ? JSON.parse(text) : undefined }
}

/** The lines of an NDJSON answer. */
export function linesOf({ text }: Answer): any[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
}
