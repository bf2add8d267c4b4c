import { BusFullError, type EventBus, FabraError } from "@fabra/events"
import { Type } from "@sinclair/typebox"
import { onBus, onCache, onSearch, type ServerContext } from "../context.js"
import { problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

/** Needs no vector, and lets nothing through: only that there is an answer counts. */
const ASK = { text: "readyz", mode: "text", topK: 1, filter: { $or: [] } } as const

/** `/healthz`: the process lives. `/readyz`: the bus has as many partitions as it should, and memory; bus, cache and, where there are indexes, the vector store answer. */
export function addHealthRoutes(app: TypeBoxApp, context: ServerContext): void {
  // The number of partitions never changes, so once is enough.
  let hasAgreed = false
  /** Whether the bus takes events at all: one whose namespace has other partitions refuses each. */
  const checkPartitions = async () => {
    if (hasAgreed) return
    try {
      await onBus(context, context.bus.checkpoints(context.settings.group))
    } catch (error) {
      if (FabraError.from(error).code !== "not_found") throw error
    }
    hasAgreed = true
  }
  const Ok = Type.Object({ status: Type.Literal("ok") }, strict)
  app.route({
    method: "GET",
    url: "/healthz",
    config: { scope: "public", rateLimit: false },
    schema: { operationId: "isAlive", summary: "Does the process live?", tags: ["operate"], response: { 200: Ok } },
    handler: async () => ({ status: "ok" }),
  })
  app.route({
    method: "GET",
    url: "/readyz",
    config: { scope: "public", rateLimit: false },
    schema: {
      operationId: "isReady",
      summary: "Do bus, cache and vector store answer?",
      tags: ["operate"],
      response: { 200: Ok, ...problems(500, 503) },
    },
    handler: async () => {
      await Promise.all([
        checkPartitions(),
        onBus(context, checkBus(context.bus)),
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

/** @throws FabraError `bus_full` when a server of the bus has no memory for another event */
async function checkBus(bus: EventBus): Promise<void> {
  const [servers] = await Promise.all([bus.servers?.() ?? [], bus.deadLetters.stats()])
  for (const { name, usedBytes, maxBytes } of servers) {
    if (usedBytes === null || maxBytes === null || usedBytes < maxBytes) continue
    throw new BusFullError(`${name} is out of memory; publish again later.`)
  }
}
