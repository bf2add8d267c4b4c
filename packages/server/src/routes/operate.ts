import { FabraError, systemClock } from "@fabra/events"
import { checkName, totalLag, withDeadline } from "@fabra/events/adapter"
import { Type } from "@sinclair/typebox"
import { onBus, type ServerContext } from "../context.js"
import { Nullable, problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

const Lag = {
  events: Type.Integer({ description: "Events after the stored checkpoint; it trails the work by some seconds." }),
  oldest_age_ms: Nullable(Type.Number({ description: "How long ago the bus accepted the oldest of them." })),
}

/** `GET /lag`, and `GET /metrics` when there are any. */
export function addOperateRoutes(app: TypeBoxApp, context: ServerContext): void {
  const { settings, bus } = context
  app.route({
    method: "GET",
    url: "/lag",
    config: { scope: "admin" },
    schema: {
      operationId: "getLag",
      summary: "How far workers are behind",
      tags: ["operate"],
      querystring: Type.Object(
        { group: Type.Optional(Type.String({ description: "Default: the group that this server is set to." })) },
        strict,
      ),
      response: {
        200: Type.Object(
          {
            group: Type.String(),
            ...Lag,
            partitions: Type.Array(
              Type.Object(
                {
                  partition: Type.Integer(),
                  ...Lag,
                  owner: Nullable(Type.String({ description: "The worker that holds it." })),
                  owned_ms: Nullable(Type.Number({ description: "For how long." })),
                  quarantined: Type.Integer({
                    description: "Events noted as run after their last owner died, and not behind the checkpoint yet.",
                  }),
                },
                strict,
              ),
            ),
          },
          strict,
        ),
        ...problems(400, 404, 503),
      },
    },
    handler: async ({ query: { group = settings.group } }) => {
      checkName("group", group, "query.group")
      const partitions = await onBus(context, bus.lag(group))
      const { events, oldestAgeMs } = totalLag(partitions)
      return {
        group,
        events,
        oldest_age_ms: oldestAgeMs,
        partitions: partitions.map(({ oldestAgeMs, ownedMs, ...same }) => ({
          ...same,
          oldest_age_ms: oldestAgeMs,
          owned_ms: ownedMs,
        })),
      }
    },
  })

  const { metrics } = settings
  if (metrics === undefined) return
  app.route({
    method: "GET",
    url: "/metrics",
    config: { scope: "admin", rateLimit: false },
    schema: {
      operationId: "getMetrics",
      summary: "Metrics for Prometheus",
      tags: ["operate"],
      response: { 200: Type.String(), ...problems(503) },
    },
    handler: async (_request, reply) => {
      const late = () => new FabraError("timeout", "The metrics could not be collected in time.")
      const text = await withDeadline(systemClock, metrics.text(), settings.deadlineMs, late)
      return reply.type(metrics.contentType).serializer(String).send(text)
    },
  })
}
