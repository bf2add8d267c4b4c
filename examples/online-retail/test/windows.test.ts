import { Random } from "@fabra/test-support/random"
import { createTestKit } from "@fabra/testing"
import { expect, test } from "vitest"
import { type RetailLine, readLines } from "../src/dataset.js"
import { products, spend, store } from "../src/features.js"
import { lineToEvent } from "../src/line-to-event.js"

const DAY = 86_400_000
const LINES = 60_000 // two months and a half

/** The lines of customers, and when they were. */
async function readEvents() {
  const all: RetailLine[] = []
  for await (const lines of readLines(LINES)) all.push(...lines.filter(({ customerId }) => customerId !== ""))
  return all.map((line) => ({ line, time: Date.parse(line.invoiceDate) }))
}

test("at 100 random times 30-day spend and distinct products are what the file adds up to", {
  timeout: 120_000,
}, async () => {
  const events = await readEvents()
  const random = new Random(7)
  const stops = Array.from({ length: 100 }, () => random.int(events.length / 3, events.length - 1)).sort(
    (a, b) => a - b,
  )
  const [first] = events
  await using kit = createTestKit(store, { now: first?.time as number })
  let [given, exact] = [0, 0]
  for (const stop of stops) {
    const { line, time } = events[stop] as (typeof events)[number]
    if (time > kit.clock.now()) await kit.advance(time - kit.clock.now())
    const batch = events.slice(given, stop + 1).map((one) => lineToEvent(one.line))
    await kit.give(...batch.flatMap((one) => ("event" in one ? [one.event] : [])))
    given = stop + 1
    const { features } = await kit.readAll([spend.sum["30d"], products.distinct["30d"]], line.customerId)
    const { spend_sum_30d: sum, products_distinct_30d: distinct } = features
    const within = (tolerance: number) =>
      events.slice(0, given).filter((one) => {
        const isIn = one.time > time - 30 * DAY - tolerance && one.line.customerId === line.customerId
        return isIn && !one.line.invoiceNo.startsWith("C")
      })
    if (sum.toleranceMs === undefined) {
      exact++
      expect(sum.value).toBe(spendOf(within(0)))
    } else {
      expect(sum.toleranceMs).toBeLessThanOrEqual(DAY / 2)
      expect(sum.value).toBeGreaterThanOrEqual(spendOf(within(0)))
      expect(sum.value).toBeLessThanOrEqual(spendOf(within(sum.toleranceMs)))
    }
    const [least, most] = [within(0), within(distinct.toleranceMs ?? 0)].map(productsOf) as [number, number]
    // Above 64 it is an estimate.
    const slack = most > 64 ? 0.15 : 0
    expect(distinct.value).toBeGreaterThanOrEqual(least * (1 - slack))
    expect(distinct.value).toBeLessThanOrEqual(most * (1 + slack))
  }
  expect(exact).toBeGreaterThan(50)
})

type Events = Awaited<ReturnType<typeof readEvents>>

/** In thousandths of a pound. */
function spendOf(events: Events): bigint {
  const amounts = events.map(({ line }) => Number(line.quantity) * Math.round(Number(line.unitPrice) * 1000))
  return BigInt(amounts.reduce((sum, amount) => sum + amount, 0))
}

function productsOf(events: Events): number {
  return new Set(events.map(({ line }) => line.stockCode)).size
}
