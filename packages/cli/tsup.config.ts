import { defineConfig } from "tsup"

/** A command, not a library: ES modules alone, and no types. */
export default defineConfig({
  entry: ["src/bin.ts"],
  format: ["esm"],
  target: "node20",
  sourcemap: true,
  clean: true,
  silent: true,
})
