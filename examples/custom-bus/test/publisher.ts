// Publishes numbered events, a few at a time: `publisher.ts <directory> <count>`. Says so when the first ones are in.
import { FileEventBus } from "../src/file-event-bus.js"
import { numberedEvents } from "./numbered-events.js"

const [directory = "", count = ""] = process.argv.slice(2)
const bus = new FileEventBus({ directory })
const events = numberedEvents(Number(count))
for (let n = 0; n < events.length; n += 20) {
  for (const result of await bus.publish(events.slice(n, n + 20))) if (!result.ok) throw result.error
  if (n === 0) console.log("publishing")
}
await bus.close()
