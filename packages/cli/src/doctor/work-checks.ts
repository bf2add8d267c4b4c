import { FabraError, type PartitionLag } from "@fabra/events"
import { totalLag } from "@fabra/events/adapter"
import type { AdapterSettings } from "../project/adapters.js"
import { Closing } from "../project/closing.js"
import { openAdapters } from "../project/open-adapters.js"
import { count, duration } from "../terminal/output.js"
import { type Check, fail, ok, warn } from "./check.js"

/** The share of its bound from which on a partition is said to be nearly full. */
const NEARLY_FULL = 0.8

/** Is somebody applying the events, and does it succeed? */
export async function* workChecks(settings: AdapterSettings, group: string): AsyncGenerator<Check> {
  await using closing = new Closing()
  try {
    const { bus } = await openAdapters(settings, closing)
    yield await workersCheck(() => bus.lag(group), { group, maxEvents: settings.maxEvents })
    const { count: letters } = await bus.deadLetters.stats()
    if (letters === 0) yield ok("dead letters", "none")
    else yield warn("dead letters", count(letters, "event"), "fabra dlq list, mend the cause, fabra dlq replay --all")
  } catch (error) {
    const { code, message } = FabraError.from(error)
    const mend =
      code === "partition_mismatch" ? "leave FABRA_BUS_PARTITIONS out, or use another FABRA_NAMESPACE" : "see above"
    yield fail("bus", message, mend)
  }
}

async function workersCheck(
  lag: () => Promise<PartitionLag[]>,
  { group, maxEvents }: { readonly group: string; readonly maxEvents: number },
): Promise<Check> {
  let partitions: PartitionLag[]
  try {
    partitions = await lag()
  } catch (error) {
    if (FabraError.from(error).code !== "not_found") throw error
    return warn("workers", `no worker of the group ${group} has ever run`, "fabra worker <file>")
  }
  const behind = totalLag(partitions).events
  const oldestMs = Math.max(0, ...partitions.map(({ oldestAgeMs }) => oldestAgeMs ?? 0))
  const waiting =
    behind === 0
      ? "nothing waits"
      : `${count(behind, "event")} after the checkpoint, the oldest ${duration(oldestMs)} old`
  const owners = new Set(partitions.flatMap(({ owner }) => owner ?? []))
  if (owners.size === 0) return warn("workers", `none of the group ${group} runs; ${waiting}`, "fabra worker <file>")
  const fullest = Math.max(0, ...partitions.map(({ events }) => events))
  if (fullest >= maxEvents * NEARLY_FULL) {
    const found = `${waiting}; one partition has ${fullest} of ${maxEvents}, then no event is accepted`
    return warn("workers", found, "start more workers, or raise FABRA_BUS_MAX_EVENTS as far as Redis has memory")
  }
  return ok("workers", `${count(owners.size, "worker")} in the group ${group}; ${waiting}`)
}
