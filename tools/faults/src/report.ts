import { VIOLATION_KINDS } from "./check.js"
import type { FaultName } from "./kinds/index.js"
import type { Totals } from "./totals.js"
import type { Trial } from "./trial.js"

const TOLD = 3

/** One line about a trial, and more if something was wrong. */
export function trialLine({ fault, seed, events, seconds, done, violations }: Trial): string {
  const figures = `${String(events).padStart(6)} events ${seconds.toFixed(1).padStart(6)} s`
  const verdict = violations.length === 0 ? "ok" : `${violations.length} VIOLATIONS`
  const line = `${fault.padEnd(14)} seed ${String(seed).padEnd(4)} ${figures}  ${verdict}: ${done}`
  return [line, ...violations.slice(0, TOLD).map(({ kind, what }) => `  ${kind}: ${what}`)].join("\n")
}

/** A table of all kinds, in Markdown, and what is to be said about it. */
export function report(totals: Totals, faults: readonly FaultName[]): string {
  const head = ["fault", "trials", "events", ...VIOLATION_KINDS, "take-over p50", "p99", "max", "longest stall"]
  const rows = faults.map((fault) => [fault, ...figures(totals.of(fault))])
  if (faults.length > 1) rows.push(["all", ...figures(totals)])
  return `${table(head, rows)}\n\n${verdict(totals)}`
}

/** Rows under a head, in Markdown. */
export function table(head: readonly string[], rows: readonly string[][]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => pad(cell, widths[i] ?? 0, i)).join(" | ")} |`
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`))
  return [head, rule, ...rows].map(line).join("\n")
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

function figures(totals: Totals): string[] {
  const { trials, events, takeOver, longestStall } = totals
  const counts = [trials, events, ...VIOLATION_KINDS.map((kind) => totals.count(kind))]
  return [
    ...counts.map((count) => count.toLocaleString("en")),
    ...[takeOver?.p50, takeOver?.p99, takeOver?.max, longestStall].map((ms) => (ms === undefined ? "" : `${ms} ms`)),
  ]
}

function verdict({ trials, events, failing }: Totals): string {
  if (trials === 0) return "no trials"
  const sum = `${trials} trials, ${events.toLocaleString("en")} events: `
  if (failing.length > 0) {
    const commands = failing.map(({ fault, seed }) => `  npm run faults -- --fault ${fault} --seed ${seed}`)
    return [`${sum}${failing.length} trials broke a promise. Each alone:`, ...commands].join("\n")
  }
  // The rule of three: with none in n, the true rate is below 3/n at 95 % confidence.
  const bound = Math.min(100, 300 / trials).toFixed(1)
  return `${sum}none broke a promise; at 95 % confidence, fewer than 3/${trials} = ${bound} % of such trials do.`
}
