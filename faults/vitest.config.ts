import { defineConfig } from "vitest/config"

// A trial is three workers and up to six servers, and waits most of the time: a few at once fit on a small machine.
export default defineConfig({ test: { maxConcurrency: 4 } })
