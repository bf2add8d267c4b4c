// Could this be released? What `npm test` checks of packages, and besides: every tarball installed alone and all together, on
// every Node that is supported; what an install weighs; licences; known vulnerabilities. `--write` records weights and licences.

import { mustRun } from "./lib/run.mjs"
import { packPackages } from "./lib/tarballs.mjs"
import { installAlone } from "./release/alone.mjs"
import { audit } from "./release/audit.mjs"
import { licences } from "./release/licences.mjs"
import { fetchNodes } from "./release/nodes.mjs"
import { compare, record } from "./release/record.mjs"
import { installTogether } from "./release/together.mjs"

const say = (line) => console.log(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${line}`)
const faults = []
const check = async (what, step) => {
  const found = await step()
  if (found.unknown) return say(`??     ${what}: ${found.unknown}`)
  for (const fault of found) faults.push(`${what}: ${fault}`)
  say(`${found.length === 0 ? "ok    " : "FAILED"} ${what}`)
}

await mustRun("npm", ["run", "-s", "build"])
await mustRun("node", ["tools/scripts/check-packages.mjs"])
say("ok     tarballs (publint, are-the-types-wrong)")

const tarballs = await packPackages()
const nodes = await fetchNodes()
say(`       Node ${nodes.map(({ version }) => version).join(", ")}`)

const weights = new Map()
await check("each package alone, as ESM, CommonJS and TypeScript", () => installAlone(tarballs, nodes, weights))
let project
await check("all packages together", async () => {
  const together = await installTogether(tarballs, nodes)
  project = together.project
  return together.faults
})
const terms = await licences()
if (process.argv.includes("--write")) record(weights, terms)
await check("weights and licences, as docs/dependencies.md has them", async () => compare(weights, terms))
await check("known vulnerabilities", () => audit(project))

for (const fault of faults) console.error(`\n${fault}`)
process.exitCode = faults.length === 0 ? 0 : 1
