import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
const SKIPPED = new Set(["node_modules", "dist", "coverage"])

/** A text of this repository, by its path. */
export interface Text {
  readonly path: string
  readonly content: string
}

/** The files of this repository that end so. */
export function textsOf(ending: RegExp): Text[] {
  const files = readdirSync(ROOT, { withFileTypes: true, recursive: true })
  return files.flatMap((file) => {
    const path = relative(ROOT, join(file.parentPath, file.name))
    const parts = path.split("/")
    if (!file.isFile() || !ending.test(path) || parts.some((part) => SKIPPED.has(part) || part.startsWith(".")))
      return []
    return [{ path, content: readFileSync(join(ROOT, path), "utf8") }]
  })
}
