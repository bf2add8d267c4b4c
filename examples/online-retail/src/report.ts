import Table from "cli-table3"
import type { Comparison } from "./compare.js"
import * as features from "./features.js"
import { formatMoney } from "./money.js"
import { countRejected, type Run } from "./run.js"
import type { Truth } from "./truth.js"

const TOP = 5
const ALWAYS_SHOWN = "17850"
const PLAIN = { head: [], border: [] }

/** Prints what has come of a run. */
export async function printReport(run: Run, truth: Truth, print: (line: string) => void): Promise<void> {
  const { published, comparison } = run
  print(`\nThe customers who bought most, and the first in the file:\n${await customerTable(truth)}`)
  print(`\nThe features next to the file:\n${checkTable(comparison)}\n`)
  print(`lines in the file  ${grouped(truth.lines)}, in sum ${grouped(BigInt(truth.net))}`)
  print(`events             ${grouped(published.accepted)}, of ${grouped(comparison.customers)} customers`)
  if (published.duplicates > 0) print(`published before   ${grouped(published.duplicates)}`)
  for (const [reason, count] of published.rejected) print(`rejected lines     ${grouped(count)}: ${reason}`)
  if (run.restarts > 0) print(`workers restarted  ${run.restarts}`)
  if (run.processed !== undefined) print(`metrics say        ${grouped(run.processed)} events processed`)
  print(`speed              ${grouped(eventsPerSecond(run))} events per second, ${run.seconds.toFixed(1)} s in all`)
  print(`\n${verdict(run)}`)
}

/** The figures of a run for programs. */
export function toJson(run: Run) {
  const total = (name: string) => run.comparison.checks.find(({ feature }) => feature === name)?.total
  return {
    events: run.published.accepted,
    rejected: countRejected(run.published),
    customers: run.comparison.customers,
    purchases: total("purchase_count"),
    refunds: total("refund_count"),
    net: formatMoney(total("net_spend") as bigint),
    matches: run.matches,
    processed: run.processed,
    events_per_second: eventsPerSecond(run),
  }
}

async function customerTable({ customers }: Truth): Promise<string> {
  const bySpend = [...customers].sort(([, a], [, b]) => b.spend - a.spend).map(([id]) => id)
  const shown = [...bySpend.slice(0, TOP), ...bySpend.slice(TOP).filter((id) => id === ALWAYS_SHOWN)]
  const table = new Table({
    head: ["customer", "purchases", "refunds", "spend", "net", "last purchase", "last product", "country"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: PLAIN,
  })
  const { purchaseCount, refundCount, totalSpend, netSpend, lastPurchaseTime, lastProduct, topCountry } = features
  const columns = [purchaseCount, refundCount, totalSpend, netSpend, lastPurchaseTime, lastProduct, topCountry] as const
  for (const { entityId, features: row } of await features.store.getFeatures(columns, shown)) {
    table.push([
      entityId,
      ...[row.purchase_count, row.refund_count, row.total_spend, row.net_spend].map(({ value }) => grouped(value)),
      row.last_purchase_time.value?.toISOString().slice(0, 16).replace("T", " ") ?? "",
      row.last_product.value?.description ?? "",
      row.top_country.value?.country ?? "",
    ])
  }
  return table.toString()
}

function checkTable({ checks, customers }: Comparison): string {
  const table = new Table({
    head: ["feature", "total", "total in the file", "wrong customers"],
    colAligns: ["left", "right", "right", "right"],
    style: PLAIN,
  })
  for (const { feature, total, expected, wrong } of checks) {
    const totals = [total, expected].map((value) => (value === undefined ? "" : grouped(value)))
    table.push([feature, ...totals, `${grouped(wrong.length)} of ${grouped(customers)}`])
  }
  return table.toString()
}

function verdict({ matches, comparison }: Run): string {
  if (matches) return "Every feature of every customer is what the file says."
  const wrong = comparison.checks.flatMap((check) => check.wrong.slice(0, TOP).map((id) => `${check.feature} of ${id}`))
  return ["The features are NOT what the file says.", ...wrong].join("\n  ")
}

function eventsPerSecond({ published, seconds }: Run): number {
  return seconds > 0 ? Math.round((published.accepted - published.duplicates) / seconds) : 0
}

/** A count or, if a bigint, an amount of money, with commas between thousands. */
function grouped(value: number | bigint): string {
  const text = typeof value === "bigint" ? formatMoney(value) : String(value)
  return text.replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","))
}
