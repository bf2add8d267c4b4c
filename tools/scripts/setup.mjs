// Installs what pnpm-lock.yaml says, unless all of it is there: pnpm keeps what it has installed beside it, and takes
// seconds to find that nothing is missing.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"

const [wanted, installed] = ["pnpm-lock.yaml", "node_modules/.pnpm/lock.yaml"].map((path) => {
  const url = new URL(`../../${path}`, import.meta.url)
  return existsSync(url) ? readFileSync(url, "utf8") : undefined
})

if (wanted !== installed) {
  const args = ["install", "--frozen-lockfile", "--reporter=append-only", "--loglevel=error"]
  const { status } = spawnSync("npm", ["run", "-s", "pnpm", "--", ...args], { stdio: "inherit" })
  process.exitCode = status ?? 1
}
