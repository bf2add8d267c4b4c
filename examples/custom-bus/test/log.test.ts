import { systemClock } from "@fabra/events"
import { testPartitionedLog } from "@fabra/testing/conformance"
import { FileLog } from "../src/file-log.js"
import { FileStore } from "../src/file-store.js"
import { temporaryDirectory } from "./support.js"

testPartitionedLog("FileLog", {
  async create({ partitions }) {
    const directory = await temporaryDirectory()
    const limits = { dedupeWindowMs: 0, maxEventsPerPartition: 10_000, segmentBytes: 4_000 }
    const store = await FileStore.open({ directory, partitions, ...limits, clock: systemClock })
    return {
      open: () => new FileLog(store, () => {}),
      append: (events) => store.locked(() => store.append(events)),
      cleanup: async () => {},
    }
  },
})
