import type { EventBus } from "@fabra/events"
import { type EventBusHarness, type EventBusSuiteOptions, MortalClock } from "@fabra/testing/conformance"
import { FileEventBus } from "../src/file-event-bus.js"
import { temporaryDirectory } from "./support.js"

/** Small enough that every test has many files of each partition, and has them trimmed. */
const SEGMENT_BYTES = 4_000

/** What the conformance suite asks of an adapter. */
export async function createHarness(options: EventBusSuiteOptions): Promise<EventBusHarness> {
  const directory = await temporaryDirectory()
  const clients = new Map<EventBus, MortalClock>()
  const open = (other: { readonly partitions?: number } = {}) => {
    const clock = new MortalClock()
    const bus = new FileEventBus({ ...options, ...other, directory, segmentBytes: SEGMENT_BYTES, clock })
    clients.set(bus, clock)
    return bus
  }
  return {
    bus: open(),
    another: async (other) => open(other),
    crash: (bus) => clients.get(bus)?.die(),
    suspend: (bus) => clients.get(bus)?.suspend() ?? (() => {}),
    cleanup: async () => {
      for (const bus of clients.keys()) await bus.close()
    },
  }
}
