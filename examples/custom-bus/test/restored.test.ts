import { cp, rm } from "node:fs/promises"
import { createEvent } from "@fabra/events"
import { expect, onTestFinished, test } from "vitest"
import { FileEventBus } from "../src/file-event-bus.js"
import { temporaryDirectory } from "./support.js"

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => createEvent({ eventType: "tested", entityId: "one", payload: { n } }))

test("a reader is told that the log ends before what it has read, once older files were put back", async () => {
  const directory = await temporaryDirectory()
  const copy = await temporaryDirectory()
  const bus = new FileEventBus({ directory, partitions: 1 })
  onTestFinished(() => bus.close())
  const notices: string[] = []
  const reader = await bus.subscribe({
    ...{ group: "group", consumer: "reader", leaseMs: 600_000 },
    onAssigned: () => {},
    onRevoked: async () => {},
    onLost: () => {},
    onNotice: ({ code }) => notices.push(code),
  })
  const read = async () =>
    (await reader.read({ maxEvents: 100, maxWaitMs: 0 })).flatMap(({ records }) => records).length
  await bus.publish(events(5))
  await cp(directory, copy, { recursive: true })
  await bus.publish(events(5))
  expect(await read()).toBe(10)
  expect(notices).toEqual([])

  await rm(directory, { recursive: true })
  await cp(copy, directory, { recursive: true })
  expect(await read()).toBe(0)
  expect(await read()).toBe(0)
  expect(notices).toEqual(["events_lost"])
})
