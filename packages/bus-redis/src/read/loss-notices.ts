import type { BusNotice } from "@fabra/events"
import { partitionNames } from "../keyspace/partition-names.js"

/** What each loss breaks, in the words of docs/guarantees.md. */
const BREAKS = "This breaks the promise that every accepted event is applied (G1)"

function lost(message: string): BusNotice {
  return { code: "events_lost", level: "error", message }
}

/** The whole namespace is gone, as after `FLUSHALL` or a Redis that came back without its files. */
export function busIsGone(namespace: string): BusNotice {
  return lost(
    `Redis has lost all of the bus (the namespace "${namespace}"), with every event that was not yet applied and all dead ` +
      `letters. Feature values and schedules that are kept on the same Redis are gone too. ${BREAKS}. The bus begins anew: ` +
      "publish again, under their ids, the events from which the values are to be made.",
  )
}

/** Streams are gone, or end before what was read of them, as when an older snapshot was put back. */
export function streamsAreGone(partitions: readonly number[]): BusNotice {
  return lost(
    `Redis has lost the stream of ${partitionNames(partitions)}, or its end, as when an older snapshot is put back: ` +
      `events that were accepted and not yet applied are gone. ${BREAKS}. Publish again, under their ids, the events since then: ` +
      "positions are not used again, so new events are not taken for old ones; an event that was applied already counts twice " +
      "if Redis has forgotten its id.",
  )
}

/** Somebody has trimmed a stream behind the back of the bus. */
export function eventsWereRemoved(count: number, partition: number, group: string): BusNotice {
  return lost(
    `${count} events of partition ${partition} were removed from Redis (XTRIM, XDEL, or files that are gone) before the group ` +
      `"${group}" had applied them: they are in no feature. ${BREAKS}. Publish them again.`,
  )
}

/** The group is gone and the stream is not, or not known to be. */
export function groupIsGone(group: string, partitions: readonly number[]): BusNotice {
  const message =
    `The group "${group}" was gone from Redis in ${partitionNames(partitions)}, perhaps with the events. It was created again; ` +
    "what it has applied is not applied twice."
  return { code: "group_lost", level: "error", message }
}
