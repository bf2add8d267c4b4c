import { expect, test } from "vitest"
import { LogSubscription, type ReadOptions } from "../src/adapter.js"
import { type BusNotice, FabraError } from "../src/index.js"
import { FakeLog, record } from "./fake-log.js"
import { ManualClock } from "./manual-clock.js"

const LEASE_MS = 9_000
const unavailable = new FabraError("bus_unavailable", "connection refused")
const forEver: ReadOptions = { maxEvents: 10, maxWaitMs: 1_000_000 }

interface Stage {
  log?: FakeLog
  onRevoked?: (partition: number) => Promise<void>
}

async function open({ log = new FakeLog(), onRevoked = async () => {} }: Stage = {}) {
  const clock = new ManualClock()
  const told: string[] = []
  const notices: BusNotice[] = []
  const opening = LogSubscription.open(
    log,
    {
      group: "group",
      consumer: "me",
      leaseMs: LEASE_MS,
      onAssigned: ({ partition }) => told.push(`assigned ${partition}`),
      onRevoked: (partition) => {
        told.push(`revoked ${partition}`)
        return onRevoked(partition)
      },
      onLost: (partition) => told.push(`lost ${partition}`),
      onNotice: (notice) => notices.push(notice),
    },
    clock,
  )
  return { log, clock, told, notices, subscription: await opening }
}

const levels = (notices: readonly BusNotice[]) => notices.map(({ level }) => level)

test("announces itself, takes what is free and renews it in time", async () => {
  const { log, clock, told } = await open()
  expect(told).toEqual(["assigned 0", "assigned 1"])
  expect(log.requests.map(({ held, wanted }) => [held, wanted])).toEqual([
    [[], []],
    [[], [0, 1]],
  ])
  await clock.advance(10 * LEASE_MS)
  expect(log.requests.length).toBeGreaterThanOrEqual(20)
  const last = log.requests.at(-1)
  expect(last).toMatchObject({ held: [0, 1], leaving: false })
  expect(last?.leaseMs).toBeLessThan(LEASE_MS) // with the wait for the next round it makes a lease at most
  expect(told).toEqual(["assigned 0", "assigned 1"])
})

test("tells once that the bus does not answer, and once that it does again", async () => {
  const { log, clock, told, notices } = await open()
  log.leaseFault = unavailable
  await clock.advance(LEASE_MS - 1_000)
  expect(notices).toEqual([
    { code: "no_answer", level: "warn", message: expect.stringContaining("connection refused"), error: unavailable },
  ])
  const asked = log.requests.length
  log.leaseFault = undefined
  await clock.advance(LEASE_MS)
  expect(log.requests.length).toBeGreaterThan(asked)
  expect(levels(notices)).toEqual(["warn", "info"])
  expect(told).not.toContain("lost 0")
})

test("gives its partitions up for lost when the lease runs out unanswered, and takes them anew later", async () => {
  const { log, clock, told } = await open()
  log.leaseFault = unavailable
  await clock.advance(LEASE_MS)
  expect(told.slice(2)).toEqual(["lost 0", "lost 1"])
  await clock.advance(5 * LEASE_MS)
  expect(told.slice(2)).toEqual(["lost 0", "lost 1"])
  log.leaseFault = undefined
  await clock.advance(LEASE_MS)
  expect(told.slice(4)).toEqual(["assigned 0", "assigned 1"])
})

test("gives a partition up for lost when another one has taken it", async () => {
  const { log, clock, told } = await open()
  log.taken.add(1)
  await clock.advance(3 * LEASE_MS)
  expect(told.slice(2)).toEqual(["lost 1"])
})

test("brings nothing of a partition that was lost while it was read", async () => {
  const { log, clock, subscription, told } = await open()
  const reading = subscription.read(forEver)
  log.leaseFault = unavailable
  await clock.advance(LEASE_MS)
  expect(told).toContain("lost 0")
  expect(await reading).toEqual([])
  log.records.set(0, [record("a")])
  const idle = subscription.read({ maxEvents: 10, maxWaitMs: 10 })
  await clock.advance(10)
  expect(await idle).toEqual([])
})

test("waits out a read that fails, within the time given, and goes on where it stopped", async () => {
  const { log, clock, subscription, notices } = await open()
  log.records.set(0, [record("a"), record("b")])
  expect(await subscription.read(forEver)).toHaveLength(1)
  log.readFault = new Error("reset by peer")
  const failing = subscription.read(forEver)
  await clock.advance(1_000)
  expect(await failing).toEqual([])
  expect(notices[0]).toMatchObject({ level: "warn", error: { code: "bus_unavailable" } })
  log.readFault = undefined
  log.records.get(0)?.push(record("c"))
  expect(await subscription.read(forEver)).toEqual([{ partition: 0, records: [record("c")] }])
  await clock.advance(LEASE_MS)
  expect(levels(notices)).toEqual(["warn", "info"])
})

test("throws partition_mismatch where a read meets it", async () => {
  const { log, subscription } = await open()
  log.readFault = new FabraError("partition_mismatch", "16 here, 8 there")
  await expect(subscription.read(forEver)).rejects.toBe(log.readFault)
})

test("ends a read and throws partition_mismatch from then on when lease keeping meets it", async () => {
  const { log, clock, subscription } = await open()
  const reading = subscription.read(forEver)
  log.leaseFault = new FabraError("partition_mismatch", "16 here, 8 there")
  await clock.advance(LEASE_MS / 2)
  expect(await reading).toEqual([])
  await expect(subscription.read(forEver)).rejects.toBe(log.leaseFault)
})

test.each([1, 2])("closes the log and leaves no timer when round %i of joining fails", async (round) => {
  const log = new FakeLog()
  const sync = log.syncLeases.bind(log)
  log.syncLeases = async (request) => {
    const view = await sync(request)
    if (log.requests.length === round) throw unavailable
    return view
  }
  const clock = new ManualClock()
  const options = { group: "g", consumer: "me", onAssigned() {}, onRevoked: async () => {}, onLost() {} }
  await expect(LogSubscription.open(log, options, clock)).rejects.toBe(unavailable)
  expect([log.closed, clock.timers]).toEqual([1, 0])
})

test("drains what another member should have, stops reading it, and lets it go at once", async () => {
  let drained = () => {}
  const draining = new Promise<void>((resolve) => {
    drained = resolve
  })
  const { log, clock, subscription, told } = await open({ onRevoked: () => draining })
  log.others = ["other"]
  await clock.advance(LEASE_MS / 3)
  const [partition] = told.slice(2).map((line) => Number(line.replace("revoked ", "")))
  expect(told.slice(2)).toEqual([`revoked ${partition}`])
  log.records.set(partition as number, [record("a")])
  expect(await subscription.read({ ...forEver, signal: AbortSignal.abort() })).toEqual([])
  expect(log.requests.at(-1)?.released).toEqual([])
  expect(log.requests.at(-1)?.held).toContain(partition)
  drained()
  await clock.advance(0)
  expect(log.requests.some(({ released }) => released.includes(partition as number))).toBe(true)
  await subscription.close()
})

test("lets go of a partition though draining it failed, and says so", async () => {
  const { log, notices, subscription } = await open({ onRevoked: () => Promise.reject(new Error("stuck")) })
  await subscription.close()
  expect(log.requests.at(-1)).toMatchObject({ released: [0, 1], leaving: true })
  expect(levels(notices)).toEqual(["error", "error"])
})

test("releases its leases once and leaves nothing behind", async () => {
  const { log, clock, subscription, told } = await open()
  const reading = subscription.read(forEver)
  await Promise.all([subscription.close(), subscription.close()])
  expect(await reading).toEqual([])
  expect(log.requests.filter(({ leaving }) => leaving)).toEqual([
    expect.objectContaining({ held: [], released: [0, 1], wanted: [] }),
  ])
  expect(told.slice(2)).toEqual(["revoked 0", "revoked 1"])
  expect([log.closed, clock.timers]).toEqual([1, 0])
  await expect(subscription.read(forEver)).rejects.toMatchObject({ code: "bus_closed" })
})

test("closes though it cannot release its leases", async () => {
  const { log, clock, notices, subscription } = await open()
  log.leaseFault = unavailable
  await subscription.close()
  expect(levels(notices)).toEqual(["warn"])
  expect([log.closed, clock.timers]).toEqual([1, 0])
})

test("lets go of what it was just getting when it is closed", async () => {
  const log = new FakeLog()
  log.taken = new Set([0, 1])
  const { clock, subscription, told } = await open({ log })
  let answer = () => {}
  log.hold = new Promise((resolve) => {
    answer = resolve
  })
  await clock.advance(LEASE_MS / 3)
  log.taken.clear()
  const closing = subscription.close()
  answer()
  await closing
  expect(told.filter((line) => line.startsWith("assigned"))).toHaveLength(told.length / 2)
  const { released = [] } = log.requests.at(-1) ?? {}
  expect(told.filter((line) => line.startsWith("revoked"))).toHaveLength(released.length)
})

test("begins to read a partition as soon as it is assigned", async () => {
  const log = new FakeLog()
  log.taken = new Set([0, 1])
  const { clock, subscription } = await open({ log })
  log.records.set(0, [record("a")])
  const reading = subscription.read(forEver)
  log.taken.clear()
  await clock.advance(LEASE_MS / 3)
  expect(await reading).toEqual([])
  expect(await subscription.read(forEver)).toEqual([{ partition: 0, records: [record("a")] }])
})

test("writes checkpoints of its own partitions alone", async () => {
  const log = new FakeLog()
  log.taken = new Set([1])
  const { subscription } = await open({ log })
  await subscription.checkpoint(0, "a", 3)
  await subscription.checkpoint(1, "b", 1)
  expect(log.checkpoints).toEqual([["group", 0, "a", 3]])
})

test("a member that is superseded loses all and says so to whoever reads, and leaves quietly", async () => {
  const { log, clock, told, subscription } = await open()
  log.isSuperseded = true
  await clock.advance(LEASE_MS)
  expect(told.slice(2)).toEqual(["lost 0", "lost 1"])
  await expect(subscription.read(forEver)).rejects.toMatchObject({
    code: "superseded",
    path: "consumer",
    message: /Another member of the group "group" has joined under the name "me"/,
  })
  const rounds = log.requests.length
  await clock.advance(LEASE_MS)
  await subscription.close()
  expect([log.requests.length, log.closed]).toEqual([rounds, 1])
})

test("a read that waits while the member is superseded ends with that", async () => {
  const { log, clock, subscription } = await open()
  const reading = subscription.read(forEver)
  log.isSuperseded = true
  await clock.advance(LEASE_MS)
  expect(await reading).toEqual([])
  await expect(subscription.read(forEver)).rejects.toMatchObject({ code: "superseded" })
})

test("a member whose bus has another number of partitions goes on with its leases, and lets go in the end", async () => {
  const { log, clock, notices, subscription } = await open()
  log.leaseFault = new FabraError("partition_mismatch", "two of them")
  await clock.advance(LEASE_MS / 10)
  log.leaseFault = undefined
  const rounds = log.requests.length
  await clock.advance(LEASE_MS / 5)
  expect(log.requests.length).toBeGreaterThan(rounds)
  expect(notices.map(({ code }) => code)).toEqual(["no_answer", "answers_again"])
  await expect(subscription.read(forEver)).rejects.toMatchObject({ code: "partition_mismatch" })
  await subscription.close()
  expect(log.requests.at(-1)).toMatchObject({ leaving: true, released: [0, 1] })
})

test("tells once that a partition ends before its cursor, and again when it happens again", async () => {
  const { log, notices, subscription } = await open()
  log.shortened.add(1)
  expect(await subscription.read(forEver)).toEqual([])
  expect(await subscription.read(forEver)).toEqual([])
  expect(notices).toEqual([
    { code: "events_lost", level: "error", message: expect.stringContaining("The log of partition 1 ends before") },
  ])
  log.shortened.clear()
  log.records.set(1, [record("7")])
  expect(await subscription.read(forEver)).toMatchObject([{ partition: 1 }])
  log.shortened.add(1)
  await subscription.read(forEver)
  expect(notices).toHaveLength(2)
  await subscription.close()
})
