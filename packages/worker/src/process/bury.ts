import type { NewDeadLetter } from "@fabra/events/adapter"
import type { WorkerContext } from "../context.js"
import { untilAnswered } from "../retry.js"

/** Makes dead letters durable, unless the session that `signal` belongs to ends before the queue answers. */
export async function bury(
  context: WorkerContext,
  letters: readonly NewDeadLetter[],
  signal: AbortSignal,
): Promise<void> {
  if (letters.length === 0) return
  const { observer, bus } = context
  await untilAnswered(context, { target: "dead-letter queue", signal }, async () => {
    await observer.time("bus", "append_dead_letter", bus.deadLetters.append(letters))
    for (const letter of letters) observer.deadLettered(letter)
  })
}
