import { declined, purchase } from "./features.js"

const BEGIN = Date.parse("2026-01-31T08:00:00Z")
const MINUTE_MS = 60_000

/** Customers of the stream, those with something to hide included. */
export const USER_IDS = [
  ...Array.from({ length: 36 }, (_, n) => `user_${String(n + 1).padStart(3, "0")}`),
  "fay_burst",
  "gil_guess",
  "ida_everywhere",
  "max_large",
]

/** A day of purchases, in the order of their times; the same ones with each call. */
export function stream() {
  return USER_IDS.flatMap(eventsOf).sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime())
}

function eventsOf(entityId: string, n: number) {
  const at = (minute: number) => new Date(BEGIN + minute * MINUTE_MS)
  const buy = (minute: number, amount: number, country = "DE") =>
    purchase.create({ entityId, payload: { amount, country }, timestamp: at(minute) })
  const decline = (minute: number, reason: "no_funds" | "wrong_code") =>
    declined.create({ entityId, payload: { reason }, timestamp: at(minute) })

  switch (entityId) {
    case "fay_burst": // seven purchases in seven minutes
      return Array.from({ length: 7 }, (_, k) => buy(300 + k, 20))
    case "gil_guess":
      return [...[90, 102, 114].map((minute) => decline(minute, "wrong_code")), buy(126, 180)]
    case "ida_everywhere":
      return ["DE", "BR", "JP"].map((country, k) => buy(60 + 90 * k, 75, country))
    case "max_large": // from two countries, which alone is no offence
      return [buy(30, 1000), buy(400, 2500, "FR"), buy(410, 999.99), buy(420, 1800, "FR")]
    default: // twelve purchases a day, one of them large; now and then a card without funds
      return Array.from({ length: 12 }, (_, k) =>
        k === 7 && n % 5 === 0
          ? decline(k * 40 + n, "no_funds")
          : buy(k * 40 + n, k === 3 ? 1200 : 5 + ((n * 7 + k) % 90)),
      )
  }
}
