import { defineConfig } from "vitest/config"

// Run by conformance.test.ts alone: these suites must fail.
export default defineConfig({
  test: { include: ["test/broken/*.suite.ts"] },
})
