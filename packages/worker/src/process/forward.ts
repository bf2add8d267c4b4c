import type { AxiomEvent } from "@fabra/events"
import type { WorkerContext } from "../context.js"
import { untilAnswered } from "../retry.js"

/** Publishes what is aimed at other entities, unless the session that `signal` belongs to ends before the bus has it all. */
export async function publishForwards(
  context: WorkerContext,
  events: readonly AxiomEvent[],
  signal: AbortSignal,
): Promise<void> {
  for (const event of events) await untilAnswered(context, { target: "bus", signal }, () => context.bus.publish(event))
}
