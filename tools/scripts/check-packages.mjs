// Are the tarballs we would publish well formed (publint), and do their types match their code (attw)?
import { basename } from "node:path"
import { mapConcurrently, run } from "./lib/run.mjs"
import { packPackages } from "./lib/tarballs.mjs"

const checks = (await packPackages()).flatMap((tarball) => [
  ["publint", "--strict", tarball],
  // node16: resolution that predates "exports" cannot see sub-paths, and Node versions that old are not supported.
  ["attw", "--profile", "node16", tarball],
])

await mapConcurrently(checks, 2, async ([command, ...args]) => {
  const { code, output } = await run(command, args)
  if (code === 0) return
  process.exitCode = 1
  console.error(`${command} ${basename(args.at(-1))}\n${output}`)
})
