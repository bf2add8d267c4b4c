import { spawn } from "node:child_process"
import { join } from "node:path"
import { mustRun } from "./run.mjs"
import { temporaryDirectory } from "./tarballs.mjs"
import { installInto } from "./vendor.mjs"

/** Makes a project with the `fabra` that is installed in `home`, and sees that its two commands and its test work. */
export async function checkInit(home, tarballs) {
  const project = join(temporaryDirectory(), "shop")
  await mustRun("npx", ["--no-install", "fabra", "init", project], { cwd: home })
  await installInto(project, tarballs)
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
