import { Type } from "@sinclair/typebox"
import { onBus, onCache, onSearch, type ServerContext } from "../context.js"
import { problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

/** Needs no vector, and lets nothing through: only that there is an answer counts. */
const ASK = { text: "readyz", mode: "text", topK: 1, filter: { $or: [] } } as const

/** `/healthz`: the process lives. `/readyz`: bus, cache and, where there are indexes, the vector store answer. */
export function addHealthRoutes(app: TypeBoxApp, context: ServerContext): void {
  const Ok = Type.Object({ status: Type.Literal("ok") }, strict)
  app.route({
    method: "GET",
    url: "/healthz",
    config: { scope: "public", rateLimit: false },
    schema: { summary: "Does the process live?", tags: ["operate"], response: { 200: Ok } },
    handler: async () => ({ status: "ok" }),
  })
  app.route({
    method: "GET",
    url: "/readyz",
    config: { scope: "public", rateLimit: false },
    schema: {
      summary: "Do bus, cache and vector store answer?",
      tags: ["operate"],
      response: { 200: Ok, ...problems(500, 503) },
    },
    handler: async () => {
      await Promise.all([
        onBus(context, context.bus.deadLetters.stats()),
        // A record that nobody writes: only that there is an answer counts.
        onCache(context, context.store.cache.read([{ entityType: "readyz", entityId: "readyz" }], ["readyz"])),
        ...[...context.store.registry.indexes.values()].map((index) =>
          onSearch(context, context.store.search(index, ASK)),
        ),
      ])
      return { status: "ok" }
    },
  })
}
