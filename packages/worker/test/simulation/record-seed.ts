import { readFile, writeFile } from "node:fs/promises"
import type { Mutation } from "./mutations.js"

const FILE = new URL("mutations.ts", import.meta.url)

/** Writes into `mutations.ts` at which seed the search for a mutation begins. */
export async function recordSeed({ guard }: Mutation, seed: number): Promise<void> {
  const source = await readFile(FILE, "utf8")
  const start = source.indexOf(`guard: ${JSON.stringify(guard)},`)
  const end = source.indexOf("\n  },\n", start)
  if (start < 0 || end < 0) throw new Error(`mutations.ts has no guard "${guard}".`)
  const entry = source.slice(start, end)
  const line = `\n    from: ${seed},`
  const recorded = /\n {4}from: \d+,/.test(entry)
    ? entry.replace(/\n {4}from: \d+,/, line)
    : entry.replace(/\n {4}config: .*/, (config) => `${config}${line}`)
  await writeFile(FILE, source.slice(0, start) + recorded + source.slice(end))
}
