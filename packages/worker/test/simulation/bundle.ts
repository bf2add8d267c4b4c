import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"

/** A change of the source for one bundle: `find` must occur in `file` exactly once. */
export interface Replacement {
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

const HERE = fileURLToPath(new URL(".", import.meta.url))
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url))

const worker = (file: string, find: string, replace: string): Replacement => ({
  file: `packages/worker/src/${file}.ts`,
  find,
  replace,
})

/**
 * The only parts of the code under test that differ: so few records are kept that some are always being reloaded, and what
 * takes hours takes seconds. An execution is over before a direct write may be forgotten.
 */
const SMALLER: readonly Replacement[] = [
  worker("lane/record-cache", "const MAX_BYTES = 64 * 1024 * 1024", "const MAX_BYTES = 2000"),
  worker("ageing/sweeper", "const ROUND_EVERY_MS = 300_000", "const ROUND_EVERY_MS = 400"),
  worker("ageing/sweeper", "const PAGE_EVERY_MS = 1000", "const PAGE_EVERY_MS = 50"),
  worker("ageing/sweeper", "const PAGE = 250", "const PAGE = 2"),
  worker("ageing/ageing", "const CLOCKS_DIFFER_MS = 60_000", "const CLOCKS_DIFFER_MS = 0"),
  worker("ageing/ageing", "const KNOWN_AGAIN_MS = 24 * 3_600_000", "const KNOWN_AGAIN_MS = 100_000"),
]

interface Build {
  readonly outputFiles: readonly { readonly text: string }[]
}

/**
 * Puts the simulation and the sources that it runs (never what was built of them before) into one module, and returns its
 * text. The platform's timers and signals are replaced by those of `environment.ts`.
 * @throws Error when a replacement does not fit
 */
export async function bundleSimulation(replacements: readonly Replacement[] = []): Promise<string> {
  const all = [...SMALLER, ...replacements]
  const missing = new Set(all)
  // Comes with tsx, which runs our programs.
  const load = createRequire(createRequire(import.meta.url).resolve("tsx"))
  const { build } = load("esbuild") as { build: (options: object) => Promise<Build> }
  const { outputFiles } = await build({
    entryPoints: [join(HERE, "run.ts")],
    inject: [join(HERE, "environment.ts")],
    alias: {
      "@fabra/events/adapter": sourceOf("events", "adapter"),
      "@fabra/core/adapter": sourceOf("core", "adapter"),
      "@fabra/events": sourceOf("events"),
      "@fabra/core": sourceOf("core"),
      "node:async_hooks": join(HERE, "environment.ts"),
      "node:events": join(HERE, "environment.ts"),
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "silent",
    // A mutation is judged by what it violates; threads start a third sooner without the map.
    sourcemap: replacements.length === 0 && "inline",
    plugins: [
      {
        name: "replacements",
        setup(hooks: { onLoad: (filter: object, load: (args: { path: string }) => object | undefined) => void }) {
          hooks.onLoad({ filter: /packages[\\/].*\.ts$/ }, ({ path }) => {
            const file = relative(ROOT, path).split(sep).join("/")
            const mine = all.filter((replacement) => replacement.file === file)
            if (mine.length === 0) return undefined
            for (const replacement of mine) missing.delete(replacement)
            return { contents: mine.reduce(replaceOnce, readFileSync(path, "utf8")), loader: "ts" }
          })
        },
      },
    ],
  })
  const [lost] = missing
  if (lost !== undefined) throw new Error(`${lost.file} is no part of the simulation.`)
  return outputFiles[0]?.text ?? ""
}

function sourceOf(name: string, entry = "index"): string {
  return join(ROOT, "packages", name, "src", `${entry}.ts`)
}

function replaceOnce(text: string, { file, find, replace }: Replacement): string {
  const times = text.split(find).length - 1
  if (times === 1) return text.replace(find, () => replace)
  throw new Error(`${file} has ${times} times, not once:\n${find}`)
}
