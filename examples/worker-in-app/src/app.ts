import type { FeatureCache } from "@fabra/core"
import { type EventBus, FabraError } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import Fastify from "fastify"
import { purchase, store, totalSpend } from "./features.js"

/** Where events and values are. */
export interface Parts {
  readonly bus: EventBus
  readonly cache: FeatureCache
  /** Closes both. */
  close(): Promise<void>
}

type OfUser = { Params: { userId: string } }

/** The app: it publishes, it reads, and it runs a worker from when it is ready until it is closed, as its parts are then. */
export function createApp({ bus, cache, close }: Parts, { logger = true } = {}) {
  const app = Fastify({ logger })
  const worker = new AxiomWorker(store, { bus, cache })
  let running: Promise<void> | undefined

  app.addHook("onReady", async () => {
    running = worker.run()
    // It rejects when going on makes no sense. Then the app ends, and whatever runs it starts it again.
    running.catch((error) => {
      app.log.fatal(error, "the worker gave up")
      process.exitCode = 1
      void app.close()
    })
  })

  // Fastify comes here when every request is answered, so nothing is published any more.
  app.addHook("onClose", async () => {
    await worker.stop() // finishes what it has begun; other workers take over at once
    await running?.catch(() => {}) // told above
    await close()
  })

  app.post<OfUser>("/users/:userId/purchases", async (request, reply) => {
    const payload = await purchase.parse(request.body)
    const { eventId } = await bus.publish(purchase.create({ entityId: request.params.userId, payload }))
    return reply.code(202).send({ event_id: eventId })
  })

  app.get<OfUser>("/users/:userId/total-spend", async (request) => {
    const { features } = await store.getFeatures([totalSpend], request.params.userId)
    return { total_spend: features.total_spend.value, status: features.total_spend.status }
  })

  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof FabraError)) return reply.send(error)
    const { code, message, issues } = error
    // What is wrong with the event is the caller's to mend; a bus or cache that is full or away is worth another try.
    return reply
      .code(code.startsWith("invalid_") || code === "event_too_large" ? 400 : 503)
      .send({ code, message, issues })
  })

  return app
}
