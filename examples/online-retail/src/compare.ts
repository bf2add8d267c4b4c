import { isDeepStrictEqual } from "node:util"
import type { Feature } from "@fabra/core"
import {
  Customer,
  lastProduct,
  lastPurchaseAmount,
  lastPurchaseTime,
  netSpend,
  purchaseCount,
  refundCount,
  store,
  topCountry,
  totalSpend,
} from "./features.js"
import type { CustomerTruth, Truth } from "./truth.js"

/** How one feature of all customers compares with the file. */
export interface Check {
  readonly feature: string
  /** Totals, of features that add up: of the feature, and of the file. */
  readonly total: number | bigint | undefined
  readonly expected: number | bigint | undefined
  /** Customers whose value is not what the file says. */
  readonly wrong: string[]
}

/** The features next to the file. */
export interface Comparison {
  readonly checks: readonly Check[]
  /** How many customers have features. */
  readonly customers: number
  readonly matches: boolean
  /** When the last of all values was computed, in epoch milliseconds. */
  readonly lastComputedAt: number
}

const thousandths = (amount: number | undefined) => (amount === undefined ? undefined : BigInt(amount))

const expectations: readonly (readonly [Feature, (customer: CustomerTruth) => unknown])[] = [
  [purchaseCount, ({ purchases }) => purchases],
  [refundCount, ({ refunds }) => refunds],
  [totalSpend, ({ spend }) => thousandths(spend)],
  [netSpend, ({ net }) => thousandths(net)],
  [lastPurchaseAmount, ({ lastAmount }) => thousandths(lastAmount)],
  [lastPurchaseTime, ({ lastTime }) => lastTime],
  [lastProduct, ({ lastProduct }) => lastProduct],
  [topCountry, expectedCountry],
]

const addsUp = new Set<Feature>([purchaseCount, refundCount, totalSpend, netSpend])

/** Compares every feature of every customer with what the file says. */
export async function compare(truth: Truth): Promise<Comparison> {
  const customers = await countCustomers()
  const checks: Check[] = []
  let lastComputedAt = 0
  const rows = await store.getFeatures(
    expectations.map(([feature]) => feature),
    [...truth.customers.keys()],
  )
  for (const [feature, expect] of expectations) {
    const values = rows.map(({ features }) => features[feature.name])
    const expected = [...truth.customers.values()].map(expect)
    const wrong = rows.filter((_row, i) => !isDeepStrictEqual(values[i]?.value, expected[i]))
    for (const value of values) lastComputedAt = Math.max(lastComputedAt, value?.computedAt?.getTime() ?? 0)
    checks.push({
      feature: feature.name,
      total: addsUp.has(feature) ? sum(values.map((value) => value?.value)) : undefined,
      expected: addsUp.has(feature) ? sum(expected) : undefined,
      wrong: wrong.map(({ entityId }) => entityId),
    })
  }
  const matches = customers === truth.customers.size && checks.every(({ wrong }) => wrong.length === 0)
  return { checks, customers, matches, lastComputedAt }
}

async function countCustomers(): Promise<number> {
  const known = new Set<string>()
  for (let after: string | null | undefined; after !== null; ) {
    const page = await store.cache.entities(Customer.name, { after })
    for (const id of page.ids) known.add(id)
    after = page.next
  }
  return known.size
}

function expectedCountry({ linesByCountry }: CustomerTruth) {
  const most = Math.max(...linesByCountry.values())
  const [country] = [...linesByCountry.keys()].filter((name) => linesByCountry.get(name) === most).sort()
  return { country, lines: most }
}

function sum(values: readonly unknown[]): number | bigint {
  if (typeof values[0] === "bigint") return (values as bigint[]).reduce((total, value) => total + value, 0n)
  return (values as number[]).reduce((total, value) => total + value, 0)
}
