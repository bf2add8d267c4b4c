import { MemoryEventBus } from "@fabra/events"
import { testEventBus } from "../../src/conformance.js"
import { VirtualClock } from "../virtual-clock.js"
import { brokenBuses, HEALTHY } from "./registry.js"

for (const { fault, Bus } of [{ fault: HEALTHY, Bus: MemoryEventBus }, ...brokenBuses]) {
  testEventBus(fault, {
    async create(options) {
      const clock = new VirtualClock()
      const bus = new Bus({ ...options, clock })
      const cleanup = async () => {
        await MemoryEventBus.prototype.close.call(bus)
        clock.dropTimers()
      }
      return { bus, clock, crash: () => clock.dropTimers(), cleanup }
    },
  })
}
