import { dirname, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { directory } from "../init/own-package.js"

// Usually our packages lie in node_modules; in a workspace they do not.
const WORKSPACE = dirname(directory)
const OURS = /^[^./\\]+[/\\](dist|src)[/\\]/

/**
 * Where in the user's own code an error arose, as `features.ts:12`: the innermost frame that is in no package, in no part
 * of Node and not ours. `undefined` when there is none. (Columns are those of the compiled text, so they are left out.)
 */
export function userCodeOf(stack: string | undefined, cwd = process.cwd()): string | undefined {
  for (const line of stack?.split("\n") ?? []) {
    const found = /^\s+at (?:.*\()?((?:file:\/\/)?\/[^()]*|[A-Z]:\\[^()]*):(\d+):\d+\)?$/.exec(line)
    if (found === null) continue
    const file = toPath(found[1] as string)
    if (isUserCode(file)) return `${show(file, cwd)}:${found[2]}`
  }
  return undefined
}

/** True for a file that is in no package and not ours. */
export function isUserCode(file: string): boolean {
  return !file.includes(`${sep}node_modules${sep}`) && !OURS.test(relative(WORKSPACE, file))
}

/** A path as the user would type it: relative, unless that leads far away. */
export function show(file: string, cwd = process.cwd()): string {
  const near = relative(cwd, file)
  return near.startsWith(`..${sep}..`) ? file : near
}

function toPath(place: string): string {
  return place.startsWith("file://") ? fileURLToPath(place) : place
}
