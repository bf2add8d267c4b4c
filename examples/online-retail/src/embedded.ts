import { MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import type { Engine } from "./engine.js"
import { store } from "./features.js"

/** Everything in this process: nothing to install, and all is gone when it ends. */
export function startEmbedded(group: string): Engine {
  const bus = new MemoryEventBus()
  const cache = new MemoryFeatureCache()
  let applied = 0
  const telemetry = {
    eventApplied: () => {
      applied++
    },
  }
  const worker = new AxiomWorker(store, { bus, cache, group, batchSize: 500, telemetry })
  const running = worker.run()
  return {
    bus,
    group,
    countApplied: async () => applied,
    restarts: 0,
    failed: new Promise((_, reject) => running.catch(reject)),
    stop: async () => {
      await worker.stop()
      await bus.close()
    },
  }
}
