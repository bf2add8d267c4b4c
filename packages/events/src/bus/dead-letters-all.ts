import type { DeadLetterFilter, DeadLetterQueue, ReplayOutcome } from "./dead-letter.js"

const PAGE = 1000
const AT_ONCE = 100

/**
 * Replays every dead letter that a filter means, oldest first; without a filter all of them. What fails again while it
 * runs comes back as a new dead letter, which is not replayed with the others.
 * @throws FabraError `bus_unavailable` when the queue cannot be listed; what fails later is an outcome
 */
export async function replayAll(queue: DeadLetterQueue, filter: DeadLetterFilter = {}): Promise<ReplayOutcome[]> {
  const outcomes: ReplayOutcome[] = []
  for (const ids of await idsNow(queue, filter)) outcomes.push(...(await queue.replay(ids)))
  return outcomes
}

/**
 * Discards every dead letter that a filter means; without a filter all of them. Returns how many were there.
 * @throws FabraError `bus_unavailable`; some may then have been discarded
 */
export async function discardAll(queue: DeadLetterQueue, filter: DeadLetterFilter = {}): Promise<number> {
  let discarded = 0
  for (const ids of await idsNow(queue, filter)) discarded += await queue.discard(ids)
  return discarded
}

/** All ids before the first one is touched: a queue that fills up again must not be an endless one. */
async function idsNow(queue: DeadLetterQueue, filter: DeadLetterFilter): Promise<string[][]> {
  const ids: string[] = []
  let after: string | null = null
  do {
    const page = await queue.list(filter, { limit: PAGE, after: after ?? undefined })
    for (const { id } of page.entries) ids.push(id)
    after = page.next
  } while (after !== null)
  return Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, i) => ids.slice(i * AT_ONCE, (i + 1) * AT_ONCE))
}
