// `npm run vendor -- ../my-app @fabra/core …`: builds the packages and installs them into a project, as npm would if they were
// published from here.
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { mustRun } from "./lib/run.mjs"
import { packPackages } from "./lib/tarballs.mjs"
import { installInto } from "./lib/vendor.mjs"

const [directory, ...wanted] = process.argv.slice(2)
const project = resolve(process.env.INIT_CWD ?? ".", directory ?? "")
if (directory === undefined || !existsSync(join(project, "package.json"))) {
  console.error(
    "Name a project that has a package.json: npm run vendor -- ../my-app @fabra/core @fabra/events @fabra/worker",
  )
  process.exit(1)
}
await mustRun("npm", ["run", "-s", "build"])
console.log(`Installed into ${project}: ${(await installInto(project, await packPackages(), wanted)).join(", ")}`)
