import { readFileSync } from "node:fs"
import { join } from "node:path"
import { globSync } from "tinyglobby"

/** The root of the repository. */
export const root = join(import.meta.dirname, "../../..")

/** A page as it lies in the repository. */
export interface Page {
  /** From the root: `docs/cli.md`. */
  readonly path: string
  readonly text: string
}

/** A fenced block of code. */
export interface Block {
  readonly language: string
  readonly code: string
  /** Line of the page on which the code begins, from 1. */
  readonly line: number
}

/** Text of a file, its path from the root. */
export const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** Files of the repository that match, their paths from the root, in order. */
export const files = (...patterns: string[]): string[] =>
  globSync([...patterns, "!**/{node_modules,dist}/**"], { cwd: root }).sort()

/** What people read of the project. */
export const pages: readonly Page[] = files(
  "*.md",
  "docs/**/*.md",
  "{packages,examples}/*/README.md",
  "packages/cli/templates/**/README.md",
  "examples/*/data/README.md",
  "tools/{faults,benchmarks,site}/README.md",
).map((path) => ({ path, text: read(path) }))

/** The blocks of code of a page, those in lists among them. */
export function blocks({ text }: Page): Block[] {
  return [...text.matchAll(/^( *)```(\w*).*\n([\s\S]*?)^\1```$/gm)].map(
    ({ 1: indent = "", 2: language = "", 3: code = "", index }) => ({
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      line: text.slice(0, index).split("\n").length + 1,
    }),
  )
}

/** The rows of the first table of a page whose heading begins with these cells, without the heading. */
export function table({ path, text }: Page, ...heading: string[]): string[][] {
  const cells = (line: string) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim())
  const lines = text.split("\n")
  const at = lines.findIndex((line) => line.startsWith("|") && heading.every((cell, i) => cells(line)[i] === cell))
  if (at < 0) throw new Error(`${path} has no table that begins with ${heading.join(", ")}.`)
  const rows = lines.slice(at + 2)
  const end = rows.findIndex((line) => !line.startsWith("|"))
  return rows.slice(0, end < 0 ? undefined : end).map(cells)
}

/** A page by its path. */
export function page(path: string): Page {
  return { path, text: read(path) }
}
