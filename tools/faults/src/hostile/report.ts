import { table } from "../report.js"
import type { HostileResult, KindResult } from "./run.js"

const HEAD = ["kind", "sent", "answers", "seconds", "others asked", "5xx or broken", "p50", "p99"]

/** The cells of one kind. */
export function kindRow({ kind, answers, seconds, others }: KindResult): string[] {
  const sent = Object.values(answers).reduce((sum, count) => sum + count, 0)
  const statuses = Object.entries(answers).map(([status, count]) => `${count} × ${status}`)
  return [kind, sent.toLocaleString("en"), statuses.join(", "), seconds.toFixed(1), ...seen(others)]
}

/** A table of all kinds, in Markdown, and the figures of the whole. */
export function report(result: HostileResult): string {
  const { kinds, requests, seconds, crashed, quiet, others, p99Ratio, logBytes } = result
  const rows = [["none", "", "", "", ...seen(quiet)], ...kinds.map(kindRow)]
  const sums = ["all", requests.toLocaleString("en"), "", seconds.toFixed(1), ...seen(others)]
  const figures = [
    `crashes: ${crashed === undefined ? "0" : `1 (${crashed})`}`,
    `5xx of others: ${others.failed}`,
    `p99 of others: ${p99Ratio.toFixed(1)} × quiet`,
    `log: ${Math.round((logBytes / 1_000 / seconds) * 60).toLocaleString("en")} kB a minute`,
  ]
  return `${table(HEAD, [...rows, sums])}\n\n${figures.join("; ")}`
}

function seen({ requests, failed, p50, p99 }: HostileResult["quiet"]): string[] {
  return [requests.toLocaleString("en"), String(failed), `${p50.toFixed(1)} ms`, `${p99.toFixed(1)} ms`]
}
