// Builds every package as it is published: ES modules and CommonJS, each with its own types. A package's package.json says
// what to build: "exports" names the entries, dependencies stay outside, development dependencies are bundled.
// With --watch it builds again after each change.
import { readdirSync, readFileSync, rmSync, watch } from "node:fs"
import { join, relative } from "node:path"
import { rolldown } from "rolldown"
import { dts } from "rolldown-plugin-dts"
import { building } from "./lib/built.mjs"
import { mapConcurrently, mustRun } from "./lib/run.mjs"
import { temporaryDirectory } from "./lib/tarballs.mjs"

const root = join(import.meta.dirname, "../..")
const packages = readdirSync(join(root, "packages"))
  .map((name) => join(root, "packages", name))
  .map((directory) => ({ directory, ...JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) }))
  .filter((manifest) => !manifest.private)

/** What they run is processes of their own, from `dist`. */
const TOOLS = ["benchmarks", "faults"]

async function build() {
  // One program emits the declarations of all packages: one for each would read the same libraries again and again.
  const types = temporaryDirectory()
  const tsc = join(root, "node_modules/typescript-7/bin/tsc")
  await mustRun("node", [tsc, "-p", join(import.meta.dirname, "types.tsconfig.json"), "--outDir", types])
  await mapConcurrently(packages, 4, (manifest) => buildPackage(manifest, types))
  await mapConcurrently(TOOLS, 2, buildTool)
}

async function buildPackage({ directory, exports, files, dependencies, peerDependencies }, allTypes) {
  const types = join(allTypes, relative(root, directory))
  const names = Object.keys(exports).filter((name) => name !== "./package.json")
  const external = outside(Object.keys({ ...dependencies, ...peerDependencies }))
  const input = (place, extension, entries = names.map((name) => name.slice(2) || "index")) =>
    Object.fromEntries(entries.map((entry) => [entry, join(place, "src", `${entry}${extension}`)]))
  const output = (extension, options) => ({
    dir: join(directory, "dist"),
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `[name]-[hash].${extension}`,
    ...options,
  })
  // A map of what is bundled from others, whose licences are packed too, would be larger than all of our code.
  const sourcemap = !files.some((file) => file.startsWith("LICENSE-"))
  const esm = output("js", { format: "esm", sourcemap })
  const cjs = output("cjs", { format: "cjs", sourcemap })

  rmSync(join(directory, "dist"), { recursive: true, force: true })
  // The command is no library: ES modules alone, and no types.
  if (names.length === 0) return bundle({ input: input(directory, ".ts", ["bin"]), external }, [esm])
  await bundle({ input: input(directory, ".ts"), external }, [esm, cjs])
  for (const extension of ["d.ts", "d.cts"]) {
    // Without the names of temporary files in comments.
    const plugins = [privateTypes(allTypes), dts({ dtsInput: true })]
    const options = { plugins, experimental: { attachDebugInfo: "none" } }
    await bundle({ input: input(types, ".d.ts"), external, ...options }, [output(extension, { format: "esm" })])
  }
}

/** Declarations of private packages are bundled like their code: nobody could install what they would be imported from. */
function privateTypes(allTypes) {
  const names = readdirSync(join(root, "packages")).filter(
    (name) => !packages.some(({ directory }) => directory.endsWith(`/${name}`)),
  )
  return {
    name: "private-types",
    resolveId: (id) => {
      const name = names.find((one) => id === `@fabra/${one}`)
      return name === undefined ? undefined : join(allTypes, "packages", name, "src/index.d.ts")
    },
  }
}

/** Each file by itself, for processes that start as fast as they can: dozens do in a run. */
async function buildTool(name) {
  const directory = join(root, "tools", name)
  const files = readdirSync(join(directory, "src"), { recursive: true })
  const input = files.filter((file) => /(?<!\.test)\.ts$/.test(file)).map((file) => join(directory, "src", file))
  // Private packages are not built: what is imported from one is built here.
  const external = (id) => !/^([./]|@fabra\/test-support)/.test(id)
  rmSync(join(directory, "dist"), { recursive: true, force: true })
  const output = { dir: join(directory, "dist"), preserveModules: true, preserveModulesRoot: join(directory, "src") }
  await bundle({ input, external }, [output])
}

async function bundle(options, outputs) {
  const common = { platform: "node", transform: { target: "node20" }, checks: { pluginTimings: false } }
  const made = await rolldown({ ...common, ...options })
  for (const output of outputs) await made.write(output)
  await made.close()
}

/** Tells for the name of a module whether it belongs to one of these packages, or to Node. */
function outside(names) {
  return (id) => id.startsWith("node:") || names.some((name) => id === name || id.startsWith(`${name}/`))
}

await building(build)
if (process.argv.includes("--watch")) {
  let last = Promise.resolve()
  let timer
  for (const { directory } of [...packages, ...TOOLS.map((name) => ({ directory: join(root, "tools", name) }))]) {
    watch(join(directory, "src"), { recursive: true }, () => {
      clearTimeout(timer)
      timer = setTimeout(
        () => (last = last.then(() => building(build)).then(() => console.log("built"), console.error)),
        100,
      )
    })
  }
}
