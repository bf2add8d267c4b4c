import { MemoryEventBus } from "@fabra/events"
import { testPartitionedLog } from "../../src/conformance.js"
import { logHarness } from "../memory-log.js"
import { VirtualClock } from "../virtual-clock.js"
import { brokenLogs, withLeases } from "./broken-leases.js"
import { HEALTHY, HEALTHY_LEASES } from "./registry.js"

const healthy = [
  { fault: HEALTHY, Bus: MemoryEventBus },
  { fault: HEALTHY_LEASES, Bus: withLeases({}) },
]

for (const { fault, Bus } of [...healthy, ...brokenLogs]) {
  testPartitionedLog(fault, {
    async create({ partitions }) {
      const clock = new VirtualClock()
      return logHarness(new Bus({ partitions, clock }), clock)
    },
  })
}
