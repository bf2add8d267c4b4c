// Owns a partition, has settled one record and noted another, and is killed half-way through an append: `… <directory>`.
import fs, { writeSync } from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { FileEventBus } from "../src/file-event-bus.js"
import { joinGroup } from "./join-group.js"
import { numberedEvents } from "./numbered-events.js"

const [directory = ""] = process.argv.slice(2)
const bus = new FileEventBus({ directory, partitions: 1 })
const [first, second, ...rest] = numberedEvents(40)
const receipts = await bus.publish([first, second].flatMap((event) => event ?? []))
const [settled, noted] = receipts.map((receipt) => (receipt.ok ? receipt.position : ""))
const { subscription } = await joinGroup(bus, "victim", 1_000)
await subscription.checkpoint(0, settled ?? "", 1)
await subscription.noteAttempts(0, [noted ?? ""], "together")

const write = writeSync
fs.writeSync = ((file: number, bytes: Buffer) => {
  write(file, bytes.subarray(0, bytes.indexOf('"payload"', bytes.length / 2)))
  process.kill(process.pid, "SIGKILL")
}) as typeof writeSync
syncBuiltinESMExports()
await bus.publish(rest)
