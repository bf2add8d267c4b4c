import { defineConfig } from "tsup"

/**
 * How every published package is built: ES modules and CommonJS, each with its own types.
 * @param bundled dependencies that are taken in, to be named in the licences of the package
 */
export const buildPackage = (entry: string[] = ["src/index.ts"], bundled: string[] = []) =>
  defineConfig({
    entry,
    noExternal: bundled,
    format: ["esm", "cjs"],
    dts: true,
    target: "node20",
    sourcemap: bundled.length === 0,
    clean: true,
    silent: true,
  })
