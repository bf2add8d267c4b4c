// One worker in a process of its own, started by worker-process.ts; it dies where its plan says.
import type { EventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { connect } from "./connect.js"
import { Death, override } from "./death.js"
import { makeStore } from "./features.js"
import { GROUP, LEASE_MS, PLAN_VARIABLE, type WorkerMessage, type WorkerOrder, type WorkerPlan } from "./plan.js"
import { SteppingClock } from "./stepping-clock.js"

const plan = JSON.parse(process.env[PLAN_VARIABLE] as string) as WorkerPlan
const tell = (message: WorkerMessage) => process.connected && process.send?.(message)
const clock = new SteppingClock()
const death = new Death(plan.dieAt)
const { bus, cache, close } = connect(plan, clock)

/** The bus, telling which partitions this worker holds. */
function observed(bus: EventBus): EventBus {
  const owned = new Set<number>()
  const tellOwned = () => tell({ owns: [...owned] })
  return override(bus, {
    subscribe: (options) =>
      bus.subscribe({
        ...options,
        onAssigned: (assignment) => {
          options.onAssigned(assignment)
          owned.add(assignment.partition)
          tellOwned()
        },
        onRevoked: async (partition) => {
          await options.onRevoked(partition)
          owned.delete(partition)
          tellOwned()
        },
        onLost: (partition) => {
          options.onLost(partition)
          owned.delete(partition)
          tellOwned()
        },
      }),
  })
}

const { store } = makeStore((attempt) => death.pass(attempt === 1 ? "in handler" : "in retry"))
const worker = new AxiomWorker(store, {
  bus: death.bus(observed(bus)),
  cache: death.cache(cache),
  group: GROUP,
  consumer: plan.consumer,
  leaseMs: LEASE_MS,
  retryBaseMs: 50,
  clock,
  telemetry: {
    eventApplied: ({ partition, featuresUpdated }) => {
      if (featuresUpdated.length > 0) tell({ applied: partition, at: Date.now() })
    },
  },
})

process.on("SIGINT", () => {}) // Ctrl-C reaches every process of the terminal; who started us says when to stop
process.once("SIGTERM", () => worker.stop())
let isDone = false
process.once("disconnect", () => process.exit(isDone ? 0 : 1)) // else who started us is gone, and all is over
process.on("message", (order: WorkerOrder) => {
  if ("stepMs" in order) clock.step(order.stepMs)
  else worker.idle().finally(() => worker.stop())
})

await worker.run()
await close()
isDone = true
if (process.connected) process.disconnect()
