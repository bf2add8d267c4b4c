import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { mapConcurrently, run } from "../lib/run.mjs"
import { temporaryDirectory } from "../lib/tarballs.mjs"
import { manifestOf } from "../lib/vendor.mjs"

const root = join(import.meta.dirname, "../../..")
const tsc = join(root, "node_modules/typescript/bin/tsc")
const npm = (cwd, ...args) => run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...args], { cwd })

/**
 * Installs each package into a project of its own, with nothing beside but what it asks for, and loads all it exports.
 * Notes in `weights` what was installed.
 */
export async function installAlone(tarballs, nodes, weights) {
  const packages = new Map(tarballs.map((tarball) => [manifestOf(tarball).name, { tarball, ...manifestOf(tarball) }]))
  const faults = await mapConcurrently([...packages.values()], 2, (one) => tryAlone(one, packages, nodes, weights))
  return faults.flat()
}

async function tryAlone(one, packages, nodes, weights) {
  const { name, exports, bin, peerDependenciesMeta = {}, peerDependencies = {} } = one
  const cwd = temporaryDirectory()
  // The others are not in the registry yet; npm takes those that are asked for from here.
  const overrides = Object.fromEntries([...packages.values()].map((other) => [other.name, `file:${other.tarball}`]))
  delete overrides[name]
  const dependencies = { [name]: `file:${one.tarball}` }
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ name: "alone", private: true, dependencies, overrides }))
  const installed = await npm(cwd)
  if (installed.code !== 0) return [`${name} cannot be installed:\n${installed.output}`]
  weights.set(name, weigh(cwd))

  const optional = Object.keys(peerDependenciesMeta).map((peer) => `${peer}@${peerDependencies[peer]}`)
  await npm(cwd, "--no-save", "typescript@5.9.3", "@types/node@20", ...optional)
  const entries = Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => name + path.slice(1))
  // Suites are loaded by vitest, and by nothing else.
  const loaded = entries.filter((entry) => !entry.endsWith("/conformance"))
  const imports = loaded.map((entry) => `await import("${entry}")`)
  const requires = loaded.map((entry) => `require("${entry}")`)
  write(cwd, "load.mjs", imports)
  write(cwd, "load.cjs", requires)
  const types = entries.map((entry, i) => `import * as _${i} from "${entry}"\nexport { _${i} }`)
  write(cwd, "types.mts", types)
  write(cwd, "types.cts", types)

  const tries = nodes.flatMap(({ path, version }) => [
    [`Node ${version}`, path, ["load.mjs"]],
    [`Node ${version}`, path, ["load.cjs"]],
    ...Object.values(bin ?? {}).map((file) => [
      `Node ${version}`,
      path,
      [join("node_modules", name, file), "--version"],
    ]),
  ])
  tries.push([
    "TypeScript",
    process.execPath,
    [tsc, "--noEmit", "--strict", "--module", "nodenext", "--types", "node", "types.mts", "types.cts"],
  ])
  const faults = []
  for (const [where, command, args] of tries) {
    const { code, output } = await run(command, args, { cwd })
    if (code !== 0) faults.push(`${name}, ${where}, ${args[0]}:\n${output}`)
  }
  return faults
}

const write = (cwd, file, lines) => writeFileSync(join(cwd, file), `${lines.join("\n")}\n`)

/** Packages installed, and megabytes on the disk. */
function weigh(cwd) {
  const { packages } = JSON.parse(readFileSync(join(cwd, "package-lock.json"), "utf8"))
  const kilobytes = Number(
    /^\d+/.exec(execFileSync("du", ["-sk", "--apparent-size", "node_modules"], { cwd, encoding: "utf8" })),
  )
  return { packages: Object.keys(packages).filter((path) => path !== "").length, megabytes: kilobytes / 1024 }
}
