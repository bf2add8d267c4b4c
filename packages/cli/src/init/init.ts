import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs"
import { basename, join, relative, resolve, sep } from "node:path"
import { FabraError } from "@fabra/events"
import { directory as home } from "./own-package.js"

const TEMPLATE = join(home, "templates/project")

interface Manifest {
  name: string
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
}

/**
 * Writes a new project into a directory, which is made if need be.
 * @returns the files written, in order
 * @throws FabraError `invalid_argument` when there is something in it already
 */
export function createProject(directory: string, version: string): string[] {
  // Many begin with `git init`.
  if (existsSync(directory) && readdirSync(directory).some((name) => name !== ".git")) {
    throw new FabraError("invalid_argument", `${directory} is not empty; name a new directory.`, { path: "dir" })
  }
  mkdirSync(directory, { recursive: true })
  cpSync(TEMPLATE, realpathSync(directory), { recursive: true }) // it copies no directory onto a link
  renameSync(join(directory, "gitignore"), join(directory, ".gitignore")) // npm leaves files of that name out of packages
  const file = join(directory, "package.json")
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest
  manifest.name = packageName(basename(resolve(directory)))
  for (const dependencies of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(dependencies)) if (name.startsWith("@fabra/")) dependencies[name] = `^${version}`
  }
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" })
  return files.filter((file) => file.split(sep)[0] !== ".git").sort()
}

/** A directory's name as npm allows names. */
function packageName(directory: string): string {
  const name = directory
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
  return name === "" ? "my-features" : name
}

/**
 * What to do with a new project next, as commands for a shell. From a clone its packages come from there: a registry need not
 * have them.
 * @param clone where that is
 */
export function nextCommands(directory: string, clone: string | undefined): string[] {
  const enter = relative(".", directory) === "" ? "" : `cd ${quoted(directory)} && `
  if (clone === undefined) return [`${enter}npm install`, "npm run dev"]
  const where = relative(clone, ".") === "" ? "" : `--prefix ${quoted(clone)} `
  return [`npm ${where}run vendor -- ${quoted(directory)}`, `${enter}npm run dev`]
}

/** A word of a shell, whatever is in it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
