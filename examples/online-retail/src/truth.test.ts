import { expect, test } from "vitest"
import { readTruth } from "./truth.js"

test("the file is the published data set, to the last penny", { timeout: 60_000 }, async () => {
  const { lines, events, net, customers } = await readTruth()
  expect({ lines, events, net, customers: customers.size }).toEqual({
    lines: 541_909,
    events: 406_829,
    net: 9_747_747_934,
    customers: 4_372,
  })
  const all = [...customers.values()]
  expect(all.reduce((sum, customer) => sum + customer.net, 0)).toBe(8_300_065_814)
  expect(all.reduce((sum, { refunds }) => sum + refunds, 0)).toBe(8_905)
  expect(customers.get("17850")).toMatchObject({ purchases: 297, refunds: 15, spend: 5_391_210, net: 5_288_630 })
})
