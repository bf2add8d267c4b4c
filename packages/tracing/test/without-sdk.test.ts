import { createEvent, MemoryEventBus } from "@fabra/events"
import { expect, test } from "vitest"
import { withTracing } from "../src/index.js"

test("without a tracer provider events go out as they are", async () => {
  const memory = new MemoryEventBus({ partitions: 1 })
  const published: unknown[] = []
  memory.publish = (async (events: unknown) => void published.push(events)) as never
  const bus = withTracing(memory)
  const events = [
    createEvent({ eventType: "purchase", entityId: "ann" }),
    createEvent({
      eventType: "purchase",
      entityId: "ann",
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }),
  ]
  for (const event of events) await bus.publish(event)
  expect(published).toEqual(events)
})
