import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { mustRun } from "./run.mjs"

const packages = join(import.meta.dirname, "../../../packages")
const directories = []
process.on("exit", () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** An empty directory that is gone when the script ends. */
export function temporaryDirectory() {
  const directory = mkdtempSync(join(tmpdir(), "fabra-"))
  directories.push(directory)
  return directory
}

/** Packs every public package as `npm publish` would and resolves to the paths of the tarballs. Needs a build. */
export async function packPackages() {
  const directory = temporaryDirectory()
  const manifests = readdirSync(packages).map((name) => JSON.parse(readFileSync(join(packages, name, "package.json"))))
  const published = manifests.filter((manifest) => !manifest.private)
  await mustRun("npm", [
    "run",
    "-s",
    "pnpm",
    "--",
    "-r",
    ...published.map(({ name }) => `--filter=${name}`),
    "pack",
    "--pack-destination",
    directory,
  ])
  return readdirSync(directory).map((file) => join(directory, file))
}
