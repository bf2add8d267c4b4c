import type { AxiomEvent } from "@fabra/events"
import type { RetailLine } from "./dataset.js"
import { purchase, refund } from "./events.js"

/** What becomes of a line: an event, or nothing, and why. */
export type Mapped = { readonly event: AxiomEvent<string, object> } | { readonly rejected: string }

/** Makes a line into an event of its customer. */
export function lineToEvent(line: RetailLine): Mapped {
  // An event happens to an entity: without a customer there is none whose features could change.
  if (line.customerId === "") return { rejected: "no CustomerID" }
  const definition = line.invoiceNo.startsWith("C") ? refund : purchase
  const event = definition.create({
    entityId: line.customerId,
    // The same line has the same id in every run, so publishing it again changes nothing.
    eventId: `retail_${line.number}`,
    timestamp: line.invoiceDate,
    payload: {
      invoice_no: line.invoiceNo,
      stock_code: line.stockCode,
      description: line.description,
      quantity: Number(line.quantity),
      unit_price: line.unitPrice,
      country: line.country,
    },
  })
  return { event }
}
