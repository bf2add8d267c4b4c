import { defineConfig } from "tsup"

/** Each file by itself, for processes that start as fast as they can: two dozen do in a run. */
export default defineConfig({
  entry: ["src/**/*.ts", "!src/**/*.test.ts"],
  bundle: false,
  format: ["esm"],
  target: "node20",
  clean: true,
  silent: true,
})
