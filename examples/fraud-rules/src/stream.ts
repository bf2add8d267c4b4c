import { declined, fraud, payment } from "./features.js"

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const DAYS = 40
const BEGIN = Date.parse("2026-01-01T08:00:00Z")

/** When the stream ends. */
export const END = BEGIN + DAYS * DAY_MS

/** Cards of the stream, those with something to hide included. */
export const CARDS = [
  ...Array.from({ length: 36 }, (_, n) => `card_${String(n + 1).padStart(3, "0")}`),
  "fay_burst",
  "gil_guess",
  "ida_abroad",
  "max_large",
]
export const TERMINALS = ["kiosk", "market", "pump"]

/** 40 days of payments, in the order of their times; the same ones with each call. */
export function stream() {
  return CARDS.flatMap(eventsOf).sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime())
}

function eventsOf(entityId: string, n: number) {
  const pay = (time: number, amount: number, country = "DE") => {
    const terminal = TERMINALS[(n + Math.floor(time / DAY_MS)) % TERMINALS.length] as string
    return payment.create({ entityId, payload: { amount, country, terminal }, timestamp: time })
  }
  const decline = (time: number, reason: "no_funds" | "wrong_code") =>
    declined.create({ entityId, payload: { reason }, timestamp: time })
  // One payment a day; at the pump every fourth card is copied.
  const usual = Array.from({ length: DAYS }, (_, day) =>
    pay(BEGIN + day * DAY_MS + n * MINUTE_MS, 20 + ((n * 7 + day) % 30)),
  )
  const copied = usual
    .filter(({ payload }, day) => payload.terminal === "pump" && (n + day) % 4 === 0)
    .map(({ timestamp }) => fraud.create({ entityId, payload: { terminal: "pump" }, timestamp }))
  const last = (minute: number) => END - 10 * MINUTE_MS + minute * MINUTE_MS

  switch (entityId) {
    case "fay_burst": // seven payments in seven minutes
      return [...usual, ...Array.from({ length: 7 }, (_, k) => pay(last(k + 1), 20))]
    case "gil_guess":
      return [...usual, ...[1, 2, 3].map((minute) => decline(last(minute), "wrong_code"))]
    case "ida_abroad":
      return [...usual, pay(last(1), 30, "BR")]
    case "max_large":
      return [...usual, pay(last(1), 900)]
    default: // now and then a card without funds
      return [...usual, ...copied, ...(n % 5 === 0 ? [decline(last(2), "no_funds")] : [])]
  }
}
