import { createRequire } from "node:module"
import { printable } from "@fabra/events/adapter"

const require = createRequire(import.meta.url)

/** Writes a result to standard output: JSON on one line, or what people read. */
export function print(json: boolean, value: unknown, text: () => string): void {
  process.stdout.write(`${json ? toJson(value) : printableLines(text())}\n`)
}

/** Text of several lines that a terminal shows and does not obey: see `printable`, which makes one line of all. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n")
}

/** JSON as the HTTP API spells values: a Date as ISO 8601, a bigint as its digits. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, one) => (typeof one === "bigint" ? String(one) : one), indent)
}

/** A message for people beside the result: on standard error. */
export function say(message: string): void {
  process.stderr.write(`${printableLines(message)}\n`)
}

/** How log lines are written, to standard error: for people in a terminal, unless JSON is asked for. */
export function logOptions(json: boolean): { readonly pretty: boolean } {
  return { pretty: !json && process.stderr.isTTY === true }
}

/**
 * A plain table: columns padded, no lines.
 * @param width most characters in a line: the widest columns are cut, but never the first, by which rows are named
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], width = Infinity): string {
  // Loaded when it is needed: most commands draw no table, and all should start at once.
  const Table = require("cli-table3") as typeof import("cli-table3")
  const bare = { style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 2 } }
  const none = Object.fromEntries(BORDERS.map((part) => [part, ""]))
  const cells = rows.map((row) => row.map(printable))
  const colWidths = width === Infinity ? [] : widthsThatFit([head, ...cells], width)
  const made = new Table({ ...bare, head: [...head], chars: none, colWidths })
  made.push(...cells)
  return made.toString().replaceAll(/[ \t]+$/gm, "")
}

const GAP = 2
const NARROWEST = 4

/** Widths of columns, the gap after each included. */
function widthsThatFit(lines: readonly (readonly string[])[], width: number): number[] {
  const widths = (lines[0] ?? []).map((_, i) => GAP + Math.max(...lines.map((line) => (line[i] ?? "").length)))
  const sum = () => widths.reduce((total, one) => total + one, -GAP)
  while (sum() > width) {
    const widest = widths.indexOf(Math.max(...widths.slice(1)), 1)
    if ((widths[widest] ?? 0) <= NARROWEST + GAP) break
    widths[widest] = (widths[widest] as number) - 1
  }
  return widths
}

const SIDES = ["top", "bottom", "left", "right", "mid"]
const BORDERS = ["middle", ...SIDES.flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])]

/** A length of time for people: `350 ms`, `2.5 s`, `3 min`, `5 h`, `2 d`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} d`
}

/** `1 event`, `1,000 events`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`
}

/** A value of a feature or payload, short enough for a line. */
export function brief(value: unknown, length = 60): string {
  const spelled = value === undefined ? "–" : toJson(value)
  return spelled.length > length ? `${spelled.slice(0, length - 1)}…` : spelled
}

/** The time of day, in UTC as events have it. */
export function time(): string {
  return new Date().toISOString().slice(11, 23)
}
