import { createRequire } from "node:module"
import { dirname } from "node:path"

const require = createRequire(import.meta.url)

/** Where this package is installed. */
export const directory = dirname(require.resolve("@fabra/cli/package.json"))

/** Its version, which all packages of Fabra share. */
export const { version } = require("@fabra/cli/package.json") as { readonly version: string }
