import { Type } from "@sinclair/typebox"
import { onBus, onCache, type ServerContext } from "../context.js"
import { problems, strict } from "../schemas.js"
import type { TypeBoxApp } from "../typebox.js"

/** `/healthz`: the process lives. `/readyz`: bus and cache answer. */
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
    schema: { summary: "Do bus and cache answer?", tags: ["operate"], response: { 200: Ok, ...problems(503) } },
    handler: async () => {
      await Promise.all([
        onBus(context, context.bus.deadLetters.stats()),
        // A record that nobody writes: only that there is an answer counts.
        onCache(context, context.store.cache.read([{ entityType: "readyz", entityId: "readyz" }], ["readyz"])),
      ])
      return { status: "ok" }
    },
  })
}
