// Does it work for somebody who installs it? Makes a project as `fabra init` does, with the tarballs; then adds all the other packages
// and runs tools/scripts/consumer/ there.
import { cpSync } from "node:fs"
import { join } from "node:path"
import { checkInit } from "./lib/check-init.mjs"
import { mustRun } from "./lib/run.mjs"
import { packPackages, temporaryDirectory } from "./lib/tarballs.mjs"
import { installInto, manifestOf } from "./lib/vendor.mjs"

const root = join(import.meta.dirname, "../..")
const examples = join(root, "examples")

// In a clone the command runs as built from the source, on paths from where the user stands.
await mustRun("npm", ["run", "-s", "fabra", "--", "features", "quickstart/features.ts"], { cwd: examples })

const tarballs = await packPackages()
const project = join(temporaryDirectory(), "shop")
await checkInit(project, tarballs)

const all = tarballs.map((tarball) => manifestOf(tarball).name)
await installInto(project, tarballs, all)
const cwd = join(project, "consumer")
cpSync(join(root, "tools/scripts/consumer"), cwd, { recursive: true })
await mustRun("node", ["consumer.mjs"], { cwd })
await mustRun("node", ["consumer.cjs"], { cwd })
await mustRun("node", [join(root, "node_modules/typescript/bin/tsc")], { cwd })
