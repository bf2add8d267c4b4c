import { once } from "node:events"
import { appendFile, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { decodeEvent } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { FileEventBus } from "../src/file-event-bus.js"
import { joinGroup } from "./join-group.js"
import { allNumbers, numberedEvents, numbersByEntity } from "./numbered-events.js"
import { readAll, startProcess, temporaryDirectory } from "./support.js"

const timeout = 60_000

test("half a line at the end is shown to nobody, then or later", { timeout }, async () => {
  const directory = await temporaryDirectory()
  const bus = new FileEventBus({ directory, partitions: 1 })
  const [one, two] = numberedEvents(2).map((event) => [event])
  await bus.publish(one ?? [])
  await appendFile(await logOf(directory), '000000000002 1767225600000 {"event_id":"event-1","event_ty')

  for (const client of [bus, new FileEventBus({ directory })]) expect(await readAll(client)).toHaveLength(1)
  const [receipt] = await bus.publish(two ?? [])
  expect(receipt).toMatchObject({ ok: true, position: "000000000002", duplicate: false })
  for (const client of [bus, new FileEventBus({ directory })]) {
    expect(numbersByEntity(await readAll(client))).toEqual(allNumbers(2))
  }
})

test("killed half-way through an append: nothing is lost or doubled, leases stand", {
  timeout,
}, async () => {
  const directory = await temporaryDirectory()
  const [, signal] = await once(startProcess("dies-while-writing.ts", directory), "exit")
  expect(signal).toBe("SIGKILL")
  expect(await readFile(await logOf(directory), "utf8")).not.toMatch(/\n$/)

  const bus = new FileEventBus({ directory })
  const { subscription, assignment } = await joinGroup(bus, "heir", 1_000)
  expect(assignment.checkpoint).toBe("000000000001")
  const written = Number(assignment.quarantineUntil)
  expect(written).toBeGreaterThan(2)
  expect(written).toBeLessThan(40)
  expect(await subscription.noteAttempts(0, ["000000000002"], "together")).toEqual([1])
  await subscription.close()

  // Its publisher, which never had an answer, tries again.
  const results = await bus.publish(numberedEvents(40))
  expect(results.map((result) => result.ok && result.duplicate)).toEqual(
    Array.from({ length: 40 }, (_, n) => n < written),
  )
  const seen = await readAll(new FileEventBus({ directory }))
  expect(seen.map(({ data }) => decodeEvent(data).payload.n)).toEqual(Array.from({ length: 39 }, (_, n) => n + 1))
})

test("killed at any time, again and again: every event once, in order", { timeout }, async () => {
  const directory = await temporaryDirectory()
  const count = 2_000
  for (let round = 0; round < 3; round++) {
    const publisher = startProcess("publisher.ts", directory, String(count))
    await once(publisher.stdout ?? publisher, "data")
    setTimeout(() => publisher.kill("SIGKILL"), Math.random() * 100)
    await once(publisher, "exit")
  }
  const bus = new FileEventBus({ directory })
  const results = await bus.publish(numberedEvents(count))
  expect(results.filter(({ ok }) => !ok)).toEqual([])
  expect(numbersByEntity(await readAll(bus))).toEqual(allNumbers(count))
})

test("two processes publish the same events at once: every event once", { timeout }, async () => {
  const directory = await temporaryDirectory()
  const count = 1_000
  const publishers = [1, 2].map(() => startProcess("publisher.ts", directory, String(count)))
  for (const [code] of await Promise.all(publishers.map((publisher) => once(publisher, "exit")))) expect(code).toBe(0)
  expect(numbersByEntity(await readAll(new FileEventBus({ directory })))).toEqual(allNumbers(count))
})

/** The one file of the only partition. */
async function logOf(directory: string): Promise<string> {
  const [log = ""] = (await readdir(directory)).filter((name) => name.startsWith("partition-"))
  return join(directory, log)
}
