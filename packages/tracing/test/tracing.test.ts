import { FeatureStore } from "@fabra/core"
import { createEvent, FabraError, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { AxiomWorker, type WorkerOptions } from "@fabra/worker"
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { beforeAll, beforeEach, expect, onTestFinished, test } from "vitest"
import { traceEvents, withTracing } from "../src/index.js"
import { type EndedSpan, keepSpans } from "./spans.js"

let spans: ReturnType<typeof keepSpans>

beforeAll(() => {
  spans = keepSpans()
})

beforeEach(() => spans.reset())

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
const OTHER_TRACE = "5bf92f3577b34da6a3ce929d0e0e4736"
const traceparent = (traceId: string) => `00-${traceId}-00f067aa0ba902b7-01`

function setup(options: Partial<WorkerOptions> = {}) {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const memory = new MemoryEventBus({ partitions: 1 })
  const bus = withTracing(memory)
  onTestFinished(() => bus.close())
  const work = async () => {
    const worker = new AxiomWorker(store, { bus, logger: silent, retryBaseMs: 1, telemetry: traceEvents(), ...options })
    const running = worker.run()
    await worker.idle()
    await worker.stop()
    await running
  }
  return { store, User, bus, memory, work }
}

function named(name: string): EndedSpan[] {
  return spans.ended().filter((span) => span.name === name)
}

function one(name: string): EndedSpan {
  const [span, ...more] = named(name)
  if (span === undefined || more.length > 0) throw new Error(`${more.length + (span ? 1 : 0)} spans "${name}"`)
  return span
}

test("an event's handlers run in a span that continues the publisher's trace, and so does the commit", async () => {
  const { store, User, bus, work } = setup()
  store.feature("n", {
    entity: User,
    trigger: "purchase",
    async compute() {
      await Promise.resolve()
      trace.getTracer("app").startSpan("ask the bank").end()
      return 1
    },
  })
  const { eventId } = await bus.publish(createEvent({ eventType: "purchase", entityId: "ann" }))
  await work()
  const [publish, process, inner, commit] = ["publish purchase", "process purchase", "ask the bank", "commit"].map(one)
  expect(publish).toMatchObject({
    kind: SpanKind.PRODUCER,
    parentSpanId: undefined,
    attributes: {
      "messaging.system": "fabra",
      "messaging.operation.type": "send",
      "messaging.operation.name": "publish",
      "messaging.destination.name": "purchase",
      "messaging.message.id": eventId,
    },
  })
  expect(process).toMatchObject({
    kind: SpanKind.CONSUMER,
    traceId: publish?.traceId,
    parentSpanId: publish?.spanId,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      "messaging.system": "fabra",
      "messaging.operation.type": "process",
      "messaging.operation.name": "process",
      "messaging.destination.name": "purchase",
      "messaging.destination.partition.id": "0",
      "messaging.message.id": eventId,
      "messaging.consumer.group.name": "fabra_workers",
      "fabra.entity.type": "User",
      "fabra.entity.id": "ann",
      "fabra.features_updated": ["n"],
      "fabra.attempts": 1,
    },
  })
  for (const child of [inner, commit]) {
    expect(child).toMatchObject({ traceId: publish?.traceId, parentSpanId: process?.spanId })
  }
})

test("failed tries are events of one span, and what ends in the dead-letter queue makes it an error", async () => {
  const { store, User, bus, work } = setup()
  const compute = () => Promise.reject(new TypeError("no"))
  store.feature("bad", { entity: User, trigger: "purchase", maxRetries: 1, compute })
  await bus.publish(createEvent({ eventType: "purchase", entityId: "ann" }))
  await work()
  const { status, events, attributes } = one("process purchase")
  expect(status.code).toBe(SpanStatusCode.ERROR)
  expect(attributes).toMatchObject({ "fabra.features_failed": ["bad"], "fabra.attempts": 2 })
  const exception = { "exception.type": "TypeError", "exception.message": "no", "fabra.feature": "bad" }
  expect(events).toMatchObject([
    { name: "exception", attributes: { ...exception, "fabra.attempt": 1 } },
    { name: "exception", attributes: { ...exception, "fabra.attempt": 2 } },
  ])
})

test("an event that no handler wants has its span too", async () => {
  const { store, User, bus, work } = setup()
  store.feature("n", { entity: User, trigger: "purchase", when: () => false, compute: () => 1 })
  await bus.publish(createEvent({ eventType: "purchase", entityId: "ann" }))
  await work()
  expect(one("process purchase")).toMatchObject({ attributes: { "fabra.features_updated": [], "fabra.attempts": 0 } })
})

test("an event that changes two types of entity has a span for each", async () => {
  const { store, User, bus, work } = setup()
  const Account = store.entity("Account", { key: "account_id" })
  store.feature("a", { entity: User, trigger: "purchase", compute: () => 1 })
  store.feature("b", { entity: Account, trigger: "purchase", compute: () => 1 })
  await bus.publish(createEvent({ eventType: "purchase", entityId: "1" }))
  await work()
  const types = named("process purchase").map(({ attributes }) => attributes["fabra.entity.type"])
  expect(types.sort()).toEqual(["Account", "User"])
})

test("events published together share a span; a commit of several is linked to each", async () => {
  const { store, User, bus, work } = setup()
  store.feature("n", { entity: User, trigger: ["purchase", "refund"], compute: () => 1 })
  const own = traceparent(TRACE)
  await bus.publish([
    createEvent({ eventType: "purchase", entityId: "ann" }),
    createEvent({ eventType: "refund", entityId: "bob" }),
    createEvent({ eventType: "refund", entityId: "cid", traceparent: own }),
  ])
  await work()
  const publish = one("publish")
  expect(publish.attributes).toMatchObject({ "messaging.batch.message_count": 3 })
  expect(publish.attributes).not.toHaveProperty(["messaging.destination.name"])
  expect(publish.links).toEqual([{ traceId: TRACE, spanId: "00f067aa0ba902b7" }])
  const processed = [...named("process purchase"), ...named("process refund")]
  const traces = processed.map(({ traceId, parentSpanId }) => `${traceId} ${parentSpanId}`)
  const ours = `${publish.traceId} ${publish.spanId}`
  expect(traces.sort()).toEqual([ours, ours, `${TRACE} 00f067aa0ba902b7`].sort())
  const linked = named("commit").flatMap(({ links }) => links.map(({ spanId }) => spanId))
  expect(linked.sort()).toEqual(processed.map(({ spanId }) => spanId).sort())
})

test("the active span is the parent; an event of the same trace carries on from there, one of another keeps its own", async () => {
  const { bus, memory } = setup()
  const carried: (string | undefined)[] = []
  const publish = memory.publish.bind(memory) as typeof memory.publish
  memory.publish = ((event: never) => {
    carried.push((event as { traceparent?: string }).traceparent)
    return publish(event)
  }) as typeof memory.publish
  const parent = { traceId: TRACE, spanId: "00f067aa0ba902b7", traceFlags: 1, isRemote: true }
  await context.with(trace.setSpanContext(context.active(), parent), async () => {
    for (const traceId of [TRACE, OTHER_TRACE]) {
      const event = createEvent({ eventType: "purchase", entityId: "ann", traceparent: traceparent(traceId) })
      await bus.publish(event)
    }
  })
  const [same, other] = named("publish purchase")
  expect([same, other]).toMatchObject([
    { traceId: TRACE, parentSpanId: parent.spanId, links: [] },
    { traceId: TRACE, parentSpanId: parent.spanId, links: [{ traceId: OTHER_TRACE }] },
  ])
  expect(carried).toEqual([`00-${TRACE}-${same?.spanId}-01`, traceparent(OTHER_TRACE)])
})

test("an event published alone, with nothing active, goes on in its own trace", async () => {
  const { bus } = setup()
  await bus.publish(createEvent({ eventType: "purchase", entityId: "ann", traceparent: traceparent(TRACE) }))
  expect(one("publish purchase")).toMatchObject({ traceId: TRACE, parentSpanId: "00f067aa0ba902b7" })
})

test("what is refused makes the span an error, and is refused all the same", async () => {
  const { bus } = setup()
  const bad = { ...createEvent({ eventType: "purchase", entityId: "ann" }), entityId: "" }
  await expect(bus.publish(bad)).rejects.toThrow(FabraError)
  expect(one("publish purchase").status.code).toBe(SpanStatusCode.ERROR)
  const results = await bus.publish([bad, createEvent({ eventType: "refund", entityId: "ann" }), null as never])
  expect(results.map(({ ok }) => ok)).toEqual([false, true, false])
  expect(one("publish").status).toMatchObject({ message: "2 of 3 events refused" })
})

test("an event that had been settled before makes no span", async () => {
  const { store, User, bus, work } = setup({ rollbackMarginMs: 3_600_000 })
  store.feature("n", { entity: User, trigger: "purchase", compute: () => 1 })
  await bus.publish(createEvent({ eventType: "purchase", entityId: "ann" }))
  await work()
  await work()
  expect(named("process purchase")).toHaveLength(1)
})

test("a traced bus is the bus in all else", async () => {
  const { bus, memory } = setup()
  expect(bus.capabilities).toBe(memory.capabilities)
  expect(bus.deadLetters).toBe(memory.deadLetters)
  await expect(bus.lag("nobody")).rejects.toMatchObject({ code: "not_found" })
})
