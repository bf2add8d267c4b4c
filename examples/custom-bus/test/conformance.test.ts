import { testEventBus } from "@fabra/testing/conformance"
import { createHarness } from "./harness.js"

testEventBus("FileEventBus", { create: createHarness })
