import { mustRun } from "../lib/run.mjs"

/** Licences that ask for no more than to be named. Another one has to be looked at by a person, and added here. */
const PERMISSIVE = [
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Python-2.0",
  "Unlicense",
]

/** What the packages bring along, by licence: `[{ licence, packages, allowed }]`. */
export async function licences() {
  const args = ["run", "-s", "pnpm", "--", "licenses", "list", "--prod", "--json", "--filter=./packages/*"]
  const found = JSON.parse(await mustRun("npm", args))
  return Object.entries(found)
    .map(([licence, packages]) => ({
      licence,
      packages: [...new Set(packages.map(({ name }) => name))].sort(),
      allowed: licence
        .replaceAll(/[()]/g, "")
        .split(/ (?:OR|AND) /)
        .every((part) => PERMISSIVE.includes(part)),
    }))
    .sort((a, b) => b.packages.length - a.packages.length)
}
