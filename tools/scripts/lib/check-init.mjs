import { spawn } from "node:child_process"
import { join } from "node:path"
import { mustRun } from "./run.mjs"
import { temporaryDirectory } from "./tarballs.mjs"
import { installInto } from "./vendor.mjs"

const bin = join(import.meta.dirname, "../../../packages/cli/dist/bin.js")

/** Makes a project, and sees that its two commands, its test and the `fabra` that it installs work. */
export async function checkInit(project, tarballs) {
  const { files } = JSON.parse(await mustRun("node", [bin, "init", project, "--json"]))
  await installInto(project, tarballs)
  const another = join(temporaryDirectory(), "another")
  const init = await mustRun("npx", ["--no-install", "fabra", "init", another, "--json"], { cwd: project })
  if (JSON.parse(init).files.length !== files.length) {
    console.error(`The package @fabra/cli lacks files of a new project: ${init}`)
    process.exit(1)
  }
  await mustRun("npm", ["test"], { cwd: project })
  await mustRun("npm", ["run", "typecheck"], { cwd: project })

  const env = { ...process.env, FABRA_PORT: "0" }
  const dev = spawn("npm", ["run", "dev"], { cwd: project, env, detached: true, stdio: ["ignore", "pipe", "inherit"] })
  const [publish, read] = await printedCurls(dev)
  await mustRun("sh", ["-c", publish])
  let features = ""
  for (let tries = 0; tries < 100 && !features.includes('"total_purchases":{"value":1'); tries++) {
    features = await mustRun("sh", ["-c", `${read} -sS`])
  }
  process.kill(-dev.pid, "SIGTERM") // npm and what it started
  if (features.includes('"total_purchases":{"value":1')) return
  console.error(`The first event of a new project is not applied: ${features}`)
  process.exit(1)
}

function printedCurls(dev) {
  return new Promise((resolve, reject) => {
    let said = ""
    dev.stdout.on("data", (chunk) => {
      said += chunk
      const curls = [...said.matchAll(/^curl (?:.*\\\n)*.*\n/gm)].map(([lines]) => lines.trim())
      if (curls.length === 2) resolve(curls)
    })
    dev.on("exit", (code) => reject(new Error(`npm run dev ended with ${code}:\n${said}`)))
  })
}
