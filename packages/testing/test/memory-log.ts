import type { MemoryEventBus } from "@fabra/events"
import { decodeEvent, type PartitionedLog } from "@fabra/events/adapter"
import type { PartitionedLogHarness } from "../src/conformance.js"
import type { VirtualClock } from "./virtual-clock.js"

/** The logs of a bus in memory, broken or not, for the suite of logs. */
export function logHarness(bus: MemoryEventBus, clock: VirtualClock): PartitionedLogHarness {
  const { log } = bus as unknown as { log(closed: () => void): PartitionedLog }
  return {
    clock,
    open: () => log.call(bus, () => {}),
    append: (events) => bus.publish(events.map(({ data }) => decodeEvent(data))),
    cleanup: () => bus.close(),
  }
}
