import { type AxiomEvent, FabraError, systemClock } from "@fabra/events"
import { errorTexts, withDeadline } from "@fabra/events/adapter"
import { dryRun as runDry } from "@fabra/worker"
import { type Static, Type } from "@sinclair/typebox"
import { serveOne } from "../answer/wire-values.js"
import type { ServerContext } from "../context.js"
import { FeatureValueBody, named, strict } from "../schema/schemas.js"

/** What an event would change. */
export const DryRun = Type.Object(
  {
    dry_run: Type.Literal(true),
    event_id: Type.String(),
    changes: Type.Array(
      Type.Object(
        {
          entity: Type.String(),
          entity_id: Type.String(),
          feature: Type.String(),
          before: FeatureValueBody,
          after: FeatureValueBody,
        },
        strict,
      ),
    ),
    failures: Type.Array(
      Type.Object(
        { entity: Type.String(), entity_id: Type.String(), feature: Type.String(), error: Type.String() },
        strict,
      ),
    ),
  },
  named("DryRun"),
)

/** Runs the event's handlers here, once, on the records as they are now; nothing is published or kept. */
export async function dryRun(
  { store, settings: { group, deadlineMs } }: ServerContext,
  event: AxiomEvent,
): Promise<Static<typeof DryRun>> {
  const { registry } = store
  // Each handler has its own time; what takes longer than all of them together is the cache.
  const longestMs = deadlineMs * (1 + registry.handlersFor(event.eventType).length)
  const late = () => new FabraError("cache_unavailable", "The cache did not answer in time.")
  const { changes, failures } = await withDeadline(
    systemClock,
    runDry(store, event, { group, timeoutMs: deadlineMs }),
    longestMs,
    late,
  )
  return {
    dry_run: true,
    event_id: event.eventId,
    changes: changes.map(({ entityType, entityId, name, before, after }) => ({
      entity: entityType,
      entity_id: entityId,
      feature: name,
      before: serveOne(before),
      after: serveOne(after),
    })),
    failures: failures.map(({ entityType, entityId, feature, error }) => ({
      entity: entityType,
      entity_id: entityId,
      feature,
      error: errorTexts(error).message,
    })),
  }
}
