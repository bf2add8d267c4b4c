import { defineConfig } from "vitest/config"

// Packages import each other's built dist here, as users do: `npm run vitest` builds first.
export default defineConfig({
  test: {
    projects: ["packages/*", "examples/*", "!examples/*.*", "faults", "benchmarks", "site"],
  },
})
