import { MemoryEventBus } from "@fabra/events"
import { type EventBusSuiteOptions, testEventBus } from "../../src/conformance.js"
import { VirtualClock } from "../virtual-clock.js"
import type { BusMaker } from "./broken-bus.js"
import { brokenClients, MemoryClient } from "./broken-clients.js"
import { brokenBuses, HEALTHY, HEALTHY_CLIENTS } from "./registry.js"

function open(Bus: BusMaker, options: EventBusSuiteOptions) {
  const clock = new VirtualClock()
  const bus = new Bus({ ...options, clock })
  const cleanup = async () => {
    await MemoryEventBus.prototype.close.call(bus)
    clock.dropTimers()
  }
  return { bus, clock, crash: () => clock.dropTimers(), suspend: () => clock.suspend(), cleanup }
}

for (const { fault, Bus } of [{ fault: HEALTHY, Bus: MemoryEventBus }, ...brokenBuses]) {
  testEventBus(fault, { create: async (options) => open(Bus, options) })
}

for (const { fault, Client } of [{ fault: HEALTHY_CLIENTS, Client: MemoryClient }, ...brokenClients]) {
  testEventBus(fault, {
    async create(options) {
      const harness = open(MemoryEventBus, options)
      const shared = { bus: harness.bus, partitions: options.partitions }
      const clients: MemoryClient[] = []
      const client = (partitions?: number) => {
        const made = new Client(shared, partitions)
        clients.push(made)
        return made
      }
      return {
        ...harness,
        bus: client(),
        another: async (other) => client(other?.partitions),
        async restartEngine() {
          for (const each of clients) each.engineRestarted()
        },
      }
    },
  })
}
