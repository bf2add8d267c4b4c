import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { mustRun } from "./run.mjs"

/** An empty directory that is gone when the script ends. */
export function temporaryDirectory() {
  const directory = mkdtempSync(join(tmpdir(), "fabra-"))
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Packs every public package as `npm publish` would and resolves to the paths of the tarballs. Needs a build. */
export async function packPackages() {
  const directory = temporaryDirectory()
  await mustRun("npm", [
    "run",
    "-s",
    "pnpm",
    "--",
    "-r",
    "--filter=./packages/*",
    "pack",
    "--pack-destination",
    directory,
  ])
  return readdirSync(directory).map((file) => join(directory, file))
}
