import { readLines } from "./dataset.js"

/** What the features of one customer must be in the end. Money in thousandths of a pound. */
export interface CustomerTruth {
  purchases: number
  refunds: number
  spend: number
  net: number
  lastAmount?: number
  lastTime?: Date
  lastProduct?: { stock_code: string; description: string }
  readonly linesByCountry: Map<string, number>
}

/** What the file says. */
export interface Truth {
  lines: number
  /** Lines with a customer, each of them an event. */
  events: number
  /** Sum over all lines, those without a customer too. */
  net: number
  readonly customers: Map<string, CustomerTruth>
}

/**
 * Adds the file up without Fabra, events or features, and with another arithmetic: whole thousandths in a float, which is
 * exact as long as they stay below 2^53. Only the reading of the file is shared with what it is to check.
 */
export async function readTruth(limit?: number): Promise<Truth> {
  const truth: Truth = { lines: 0, events: 0, net: 0, customers: new Map() }
  for await (const lines of readLines(limit)) {
    for (const { invoiceNo, stockCode, description, quantity, unitPrice, invoiceDate, customerId, country } of lines) {
      const amount = Number(quantity) * Math.round(Number(unitPrice) * 1000)
      truth.lines++
      truth.net += amount
      if (!customerId) continue
      truth.events++
      const customer = truth.customers.get(customerId) ?? newCustomer()
      truth.customers.set(customerId, customer)
      customer.net += amount
      customer.linesByCountry.set(country, (customer.linesByCountry.get(country) ?? 0) + 1)
      if (invoiceNo[0] === "C") {
        customer.refunds++
      } else {
        customer.purchases++
        customer.spend += amount
        customer.lastAmount = amount
        customer.lastTime = new Date(invoiceDate)
        customer.lastProduct = { stock_code: stockCode, description }
      }
    }
  }
  return truth
}

function newCustomer(): CustomerTruth {
  return { purchases: 0, refunds: 0, spend: 0, net: 0, linesByCountry: new Map() }
}
