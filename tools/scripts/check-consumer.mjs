// Does it work for somebody who installs it? Installs the tarballs into an empty project and runs tools/scripts/consumer/ there,
// then the project that `fabra init` makes.
import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { checkInit } from "./lib/check-init.mjs"
import { mustRun } from "./lib/run.mjs"
import { packPackages, temporaryDirectory } from "./lib/tarballs.mjs"

const root = join(import.meta.dirname, "../..")
const project = temporaryDirectory()
const tarballs = await packPackages()

cpSync(join(root, "tools/scripts/consumer"), project, { recursive: true })
writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true }))
await mustRun("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "@types/node@20", ...tarballs], {
  cwd: project,
})

await mustRun("node", ["consumer.mjs"], { cwd: project })
await mustRun("node", ["consumer.cjs"], { cwd: project })
await mustRun("node", [join(root, "node_modules/typescript/bin/tsc")], { cwd: project })

// In a clone the command runs as built from the source, on paths from where the user stands.
await mustRun("npm", ["run", "-s", "fabra", "--", "features", "quickstart/features.ts"], {
  cwd: join(root, "examples"),
})

await checkInit(project, tarballs)
