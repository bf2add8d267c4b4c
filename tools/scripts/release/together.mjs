import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "../lib/run.mjs"
import { temporaryDirectory } from "../lib/tarballs.mjs"

const root = join(import.meta.dirname, "../../..")

/** Installs all packages into one project and runs tools/scripts/consumer/ there, on every Node and through TypeScript. */
export async function installTogether(tarballs, nodes) {
  const project = temporaryDirectory()
  cpSync(join(root, "tools/scripts/consumer"), project, { recursive: true })
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true }))
  const faults = []
  const attempt = async (what, command, args) => {
    const { code, output } = await run(command, args, { cwd: project })
    if (code !== 0) faults.push(`${what}:\n${output}`)
  }
  await attempt("npm install", "npm", [
    "install",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "@types/node@20",
    ...tarballs,
  ])
  for (const { path, version } of nodes) {
    await attempt(`ESM on Node ${version}`, path, ["consumer.mjs"])
    await attempt(`CommonJS on Node ${version}`, path, ["consumer.cjs"])
    await attempt(`fabra on Node ${version}`, path, ["node_modules/@fabra/cli/dist/bin.js", "config"])
  }
  await attempt("TypeScript", process.execPath, [join(root, "node_modules/typescript/bin/tsc")])
  return { project, faults }
}
