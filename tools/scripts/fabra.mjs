// `npm run -s fabra -- …` in a clone: builds the command from the source, quietly, unless that is unchanged since it was
// built last, and runs it where the user stands.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { isBuilt } from "./lib/built.mjs"
import { mustRun } from "./lib/run.mjs"

const root = join(import.meta.dirname, "../..")
if (!isBuilt()) await mustRun("npm", ["run", "-s", "build"], { cwd: root })

const args = [join(root, "packages/cli/dist/bin.js"), ...process.argv.slice(2)]
const child = spawn(process.execPath, args, { cwd: process.env.INIT_CWD, stdio: "inherit" })
// Ctrl-C reaches both; what is sent to this process alone is passed on.
process.on("SIGINT", () => {})
process.on("SIGTERM", () => child.kill("SIGTERM"))
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
