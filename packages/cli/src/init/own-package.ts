import { existsSync, realpathSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"

const require = createRequire(import.meta.url)

/** Where this package is installed. */
export const directory = dirname(require.resolve("@fabra/cli/package.json"))

/** Its version, which all packages of Fabra share. */
export const { version } = require("@fabra/cli/package.json") as { readonly version: string }

/** The clone of the repository that this package is built in; `undefined` where it was installed from a registry. */
export function cloneDirectory(): string | undefined {
  const root = resolve(realpathSync(directory), "../..")
  return existsSync(join(root, "pnpm-workspace.yaml")) && existsSync(join(root, "tools/scripts/vendor.mjs"))
    ? root
    : undefined
}
