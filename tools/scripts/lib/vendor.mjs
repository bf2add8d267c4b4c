import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { mustRun } from "./run.mjs"

/** The package.json in a tarball. */
export function manifestOf(tarball) {
  return JSON.parse(execFileSync("tar", ["-xzOf", tarball, "package/package.json"], { encoding: "utf8" }))
}

/**
 * Installs packages of these tarballs into a project, with those of ours that they need: all that its package.json names
 * already, and `wanted` besides. The tarballs are put into its directory `vendor`.
 */
export async function installInto(project, tarballs, wanted = []) {
  const packages = new Map(
    tarballs.map((tarball) => [manifestOf(tarball).name, { tarball, manifest: manifestOf(tarball) }]),
  )
  const file = join(project, "package.json")
  const manifest = JSON.parse(readFileSync(file, "utf8"))
  manifest.dependencies = { ...manifest.dependencies, ...Object.fromEntries(wanted.map((name) => [name, "*"])) }
  const named = [manifest.dependencies, manifest.devDependencies ?? {}]

  const needed = new Set(named.flatMap(Object.keys).filter((name) => packages.has(name)))
  for (const name of needed) {
    for (const other of Object.keys(packages.get(name).manifest.dependencies ?? {}))
      if (packages.has(other)) needed.add(other)
  }
  rmSync(join(project, "vendor"), { recursive: true, force: true })
  mkdirSync(join(project, "vendor"))
  for (const name of needed) {
    const { tarball } = packages.get(name)
    // npm takes a tarball of the same name for the same one.
    const hash = createHash("sha256").update(readFileSync(tarball)).digest("hex").slice(0, 8)
    const path = `vendor/${basename(tarball, ".tgz")}-${hash}.tgz`
    copyFileSync(tarball, join(project, path))
    const list = named.find((dependencies) => name in dependencies)
    if (list) list[name] = `file:${path}`
    else manifest.overrides = { ...manifest.overrides, [name]: `file:${path}` }
  }
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
  await mustRun("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: project })
  return [...needed]
}
