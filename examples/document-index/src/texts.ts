import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
const SKIPPED = /^(\.|(node_modules|dist|coverage)$)/

/** A text of this repository, by its path. */
export interface Text {
  readonly path: string
  readonly content: string
}

/** The files of this repository that end so: of each folder its own ones before those of the folders in it. */
export function textsOf(ending: RegExp, folder = ""): Text[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter(({ name }) => !SKIPPED.test(name))
  const files = entries.filter((entry) => entry.isFile() && ending.test(entry.name))
  const folders = entries.filter((entry) => entry.isDirectory())
  return [
    ...files
      .map(({ name }) => join(folder, name))
      .map((path) => ({ path, content: readFileSync(join(ROOT, path), "utf8") })),
    ...folders.flatMap(({ name }) => textsOf(ending, join(folder, name))),
  ]
}
