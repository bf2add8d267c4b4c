import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { mapConcurrently, mustRun } from "../lib/run.mjs"
import { temporaryDirectory } from "../lib/tarballs.mjs"

/** The newest release of every line of Node that is supported, as the npm registry has them: version and path. */
export function fetchNodes() {
  return mapConcurrently([20, 22, 24], 2, async (line) => {
    const cwd = temporaryDirectory()
    writeFileSync(join(cwd, "package.json"), "{}")
    await mustRun("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", `node@${line}`], { cwd })
    const path = join(cwd, "node_modules/node/bin/node")
    return { path, version: (await mustRun(path, ["--version"])).trim().slice(1) }
  })
}
