import { testEventBus } from "@fabra/testing/conformance"
import { createHarness } from "./harness.js"

// What a bus does not claim is tested for the opposite. And files are dropped at once: nobody can repeat their events.
testEventBus("FileEventBus without a dedupe window", {
  create: (options) => createHarness({ ...options, dedupeWindowMs: 0 }),
})
