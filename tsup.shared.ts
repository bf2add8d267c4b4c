import { defineConfig } from "tsup"

/** How every published package is built: ES modules and CommonJS, each with its own types. */
export const buildPackage = (entry: string[] = ["src/index.ts"]) =>
  defineConfig({
    entry,
    format: ["esm", "cjs"],
    dts: true,
    target: "node20",
    sourcemap: true,
    clean: true,
    silent: true,
  })
