import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../../..")
const stamp = join(root, "node_modules/.built")
const packages = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name))

/** Runs a build, and notes when it began, for {@link isBuilt}. */
export async function building(build) {
  const startedAt = Date.now()
  rmSync(stamp, { force: true })
  await build()
  writeFileSync(stamp, String(startedAt))
}

/** Whether nothing that packages are built from has changed since the last build began. */
export function isBuilt() {
  if (!existsSync(stamp) || !existsSync(join(root, "packages/cli/dist"))) return false
  const builtAt = Number(readFileSync(stamp, "utf8"))
  const shared = ["tools/scripts/build.mjs", "tsconfig.base.json", "pnpm-lock.yaml"].map((path) => join(root, path))
  const own = packages.flatMap((directory) => {
    const source = join(directory, "src")
    const below = readdirSync(source, { recursive: true }).map((path) => join(source, path))
    // What is removed changes its directory.
    return [join(directory, "package.json"), source, ...below]
  })
  return [...shared, ...own].every((path) => statSync(path).mtimeMs < builtAt)
}
