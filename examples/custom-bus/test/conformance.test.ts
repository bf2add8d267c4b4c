import { testEventBus } from "@fabra/testing/conformance"
import { createHarness } from "./support.js"

testEventBus("FileEventBus", { create: createHarness })
