import { MemoryEventBus, type MemoryEventBusOptions } from "@fabra/events"
import { type EventBusHarness, testEventBus, testPartitionedLog } from "../src/conformance.js"
import { logHarness } from "./memory-log.js"
import { VirtualClock } from "./virtual-clock.js"

async function create(options: MemoryEventBusOptions): Promise<EventBusHarness> {
  const clock = new VirtualClock()
  const bus = new MemoryEventBus({ ...options, clock })
  return {
    bus,
    clock,
    crash: () => clock.dropTimers(),
    suspend: () => clock.suspend(),
    cleanup: () => bus.close(),
  }
}

testEventBus("MemoryEventBus", { create })

// What a bus does not claim is tested for the opposite.
testEventBus("MemoryEventBus without a dedupe window", {
  create: (options) => create({ ...options, dedupeWindowMs: 0 }),
})

testPartitionedLog("the log of MemoryEventBus", {
  async create({ partitions }) {
    const clock = new VirtualClock()
    return logHarness(new MemoryEventBus({ partitions, clock }), clock)
  },
})
