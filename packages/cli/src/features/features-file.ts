import { Console } from "node:console"
import { existsSync, realpathSync } from "node:fs"
import { resolve } from "node:path"
import type { FeatureStore } from "@fabra/core"
import { errorTexts } from "@fabra/events/adapter"
import { isUserCode, show, userCodeOf } from "./user-code.js"

const DEFAULTS = ["features.ts", "src/features.ts"]
/** Longer than connecting to something may take. */
const PATIENCE_MS = 60_000
/** What the last load has put into Node's cache of modules, to be taken out before the next. */
const loaded = new Set<string>()

/** The user's features file cannot be used; the message says where and why. */
export class FeaturesFileError extends Error {
  override readonly name = "FeaturesFileError"
}

/** What was loaded. */
export interface LoadedFeatures {
  readonly file: string
  readonly store: FeatureStore
  /** Every file of the user's that it is made of, and can be loaded afresh. */
  readonly files: readonly string[]
}

/** Loading failed; these files were read on the way, so a change of one of them may mend it. */
export class LoadFailure extends FeaturesFileError {
  constructor(
    message: string,
    readonly files: readonly string[],
    cause: unknown,
  ) {
    super(message, { cause })
  }
}

/** Finds the features file: the one named, else the first default there is. @throws FeaturesFileError */
export function findFeatures(named: string | undefined): string {
  const found = (named === undefined ? DEFAULTS : [named]).find((file) => existsSync(file))
  if (found !== undefined) return realpathSync(resolve(found))
  if (named !== undefined) throw new FeaturesFileError(`There is no file ${named}.`)
  throw new FeaturesFileError(
    `There is neither ${DEFAULTS.join(" nor ")} here. Name your features file, or make one with \`fabra init\`.`,
  )
}

/**
 * Loads a features file, TypeScript or JavaScript, afresh each time.
 * @param patienceMs how long what it awaits at its top level may take
 * @throws FeaturesFileError
 */
export async function loadFeatures(file: string, patienceMs = PATIENCE_MS): Promise<LoadedFeatures> {
  // Standard output is for results: what the user's modules print goes beside them.
  Object.assign(console, new Console(process.stderr, process.stderr))
  const { createJiti } = await import("jiti") // takes its time, and not every command needs it
  const jiti = createJiti(import.meta.url)
  for (const one of loaded) delete jiti.cache[one]
  loaded.clear()
  const before = new Set(Object.keys(jiti.cache))
  const files = () => {
    for (const one of Object.keys(jiti.cache)) {
      if (!before.has(one) && isUserCode(one)) loaded.add(one)
    }
    return [...new Set([file, ...loaded])]
  }
  let exported: Record<string, unknown>
  try {
    exported = await settling(jiti.import<Record<string, unknown>>(file), patienceMs)
  } catch (error) {
    throw new LoadFailure(describe(error, file), files(), error)
  }
  return { file, files: files(), store: storeIn(exported, file, files()) }
}

/** Rejects when a module can never have been loaded any more, or is not within its time. */
async function settling<Module>(module: Promise<Module>, patienceMs: number): Promise<Module> {
  let giveUp = (_why: string) => {}
  const stuck = new Promise<never>((_, reject) => {
    giveUp = (why) => reject(new Error(`What it awaits at its top level ${why}.`))
  })
  // Nothing is left that could go on: Node would end here, without a word.
  const onEmpty = () => giveUp("never settles")
  const timer = setTimeout(() => giveUp(`has not settled after ${patienceMs / 1_000} s`), patienceMs)
  timer.unref()
  process.once("beforeExit", onEmpty)
  try {
    return await Promise.race([module, stuck])
  } finally {
    clearTimeout(timer)
    process.off("beforeExit", onEmpty)
  }
}

/** The export that is a store: the default one, else the only one there is. */
function storeIn(exported: Record<string, unknown>, file: string, files: readonly string[]): FeatureStore {
  if (isStore(exported.default)) return exported.default
  const stores = new Map(Object.entries(exported).flatMap(([name, value]) => (isStore(value) ? [[value, name]] : [])))
  const [only] = stores.keys()
  if (stores.size === 1 && only !== undefined) return only
  const names = [...stores.values()].join(", ")
  const fault =
    stores.size === 0
      ? "exports no FeatureStore: write `export const store = new FeatureStore()`"
      : `exports several stores (${names}): make one of them the default export`
  throw new LoadFailure(`${show(file)} ${fault}.`, files, undefined)
}

/** By its shape: a project may have a copy of `@fabra/core` of its own. */
function isStore(value: unknown): value is FeatureStore {
  const store = value as Partial<FeatureStore> | undefined | null
  return typeof store === "object" && typeof store?.connect === "function" && store.registry?.features instanceof Map
}

/** One line: where in the user's code, and what. */
function describe(error: unknown, file: string): string {
  const { message, stack } = errorTexts(error)
  const [what = "", ...rest] = message.split("\n")
  // The parser tells the place in its message instead.
  const parsed = /ParseError: (.*)/.exec(what)
  const place = parsed ? /(\/.*|[A-Z]:\\.*):(\d+):\d+/.exec(rest.join("\n")) : null
  if (parsed && place) return `${show(place[1] as string)}:${place[2]}: ${parsed[1]?.trim()}`
  const isMissing = /^Cannot find (module|package) '[^./]/.test(what)
  return `${userCodeOf(stack) ?? show(file)}: ${what}${isMissing ? " (Is it installed? Run `npm install`.)" : ""}`
}
