import { defineEvent } from "@fabra/events"
import { z } from "zod"
import { DECIMAL, parseMoney } from "./money.js"

/**
 * One line of an invoice. The price travels as text, since JSON has no exact decimals; handlers get it as thousandths of a
 * pound, together with the amount of the line.
 */
const line = (quantity: z.ZodInt) =>
  z
    .object({
      invoice_no: z.string(),
      stock_code: z.string(),
      description: z.string(),
      quantity,
      unit_price: z.string().regex(DECIMAL).transform(parseMoney),
      country: z.string(),
    })
    .transform((payload) => ({ ...payload, amount: BigInt(payload.quantity) * payload.unit_price }))

/** A customer has bought something. */
export const purchase = defineEvent("purchase", line(z.int().positive()))

/** A customer has given something back: quantity and amount are negative. */
export const refund = defineEvent("refund", line(z.int().negative()))
