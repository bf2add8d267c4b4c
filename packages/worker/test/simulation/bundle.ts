import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"

/** A change of the source: `find` must occur in `file` exactly once. */
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
interface Module {
  readonly path: string
  /** `?` and which of its variants; nothing where a file is imported by its name. */
  readonly suffix: string
}
interface Hooks {
  onResolve(filter: object, resolve: (args: { path: string }) => Module): void
  onLoad(filter: object, load: (module: Module) => object | undefined): void
}

/**
 * Puts the simulation and the sources that it runs (never what was built of them before) into one module, and returns its
 * text. The platform's timers and signals are replaced by those of `environment.ts`. Each of `mutations` is in it too, as
 * a variant of the files that it changes: `switchTo` of `variants.ts` puts these in the place of the originals. So one
 * thread runs all of them, with all other code compiled once.
 * @throws Error when a replacement does not fit
 */
export async function bundleSimulation(mutations: readonly (readonly Replacement[])[] = []): Promise<string> {
  const missing = new Set([...SMALLER, ...mutations.flat()])
  const ofFile = (all: readonly Replacement[], path: string) => {
    const file = relative(ROOT, path).split(sep).join("/")
    return all.filter((replacement) => replacement.file === file)
  }
  const read = (path: string, replacements: readonly Replacement[]) => {
    const mine = ofFile([...SMALLER, ...replacements], path)
    for (const replacement of mine) missing.delete(replacement)
    return mine.reduce(replaceOnce, readFileSync(path, "utf8"))
  }
  const plugin = {
    name: "variants",
    setup(hooks: Hooks) {
      hooks.onResolve({ filter: /\?(original|\d+)$/ }, ({ path }) => {
        const at = path.lastIndexOf("?")
        return { path: path.slice(0, at), suffix: path.slice(at) }
      })
      hooks.onLoad({ filter: /packages[\\/].*\.ts$/ }, ({ path, suffix }) => {
        if (suffix !== "") return { contents: read(path, mutations[Number(suffix.slice(1))] ?? []), loader: "ts" }
        const variants = [...mutations.keys()].filter((i) => ofFile(mutations[i] ?? [], path).length > 0)
        if (variants.length > 0) return { contents: chooser(path, variants), loader: "ts" }
        return { contents: read(path, []), loader: "ts" }
      })
    },
  }
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
    plugins: [plugin],
  })
  const [lost] = missing
  if (lost !== undefined) throw new Error(`${lost.file} is no part of the simulation.`)
  return outputFiles[0]?.text ?? ""
}

/** A module that exports what the file at `path` does: of the original, or of the variant switched to. */
function chooser(path: string, variants: readonly number[]): string {
  const source = readFileSync(path, "utf8")
  const names = [...source.matchAll(/^export (?:async function|function|class|const) (\w+)/gm)].map(([, name]) => name)
  const from = (suffix: string) => JSON.stringify(`${path}?${suffix}`)
  return `
    import { onSwitch } from ${JSON.stringify(join(HERE, "variants.ts"))}
    import * as original from ${from("original")}
    ${variants.map((i) => `import * as variant${i} from ${from(String(i))}`).join("\n")}
    const variants = { ${variants.map((i) => `${i}: variant${i}`).join()} }
    export let { ${names} } = original
    onSwitch((mutation) => { ({ ${names} } = variants[mutation] ?? original) })
  `
}

function sourceOf(name: string, entry = "index"): string {
  return join(ROOT, "packages", name, "src", `${entry}.ts`)
}

function replaceOnce(text: string, { file, find, replace }: Replacement): string {
  const times = text.split(find).length - 1
  if (times === 1) return text.replace(find, () => replace)
  throw new Error(`${file} has ${times} times, not once:\n${find}`)
}
