import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { brokenRules, countries, largePurchases, largestBurst, store, wrongCodes } from "./features.js"
import { stream, USER_IDS } from "./stream.js"

/** Runs the stream through a worker and reads who breaks a rule, with the values that say so. */
export async function flaggedUsers() {
  const bus = new MemoryEventBus()
  const worker = new AxiomWorker(store, { bus })
  const running = worker.run()
  const events = stream()
  for (const event of events) await bus.publish(event)
  await worker.idle() // all that has been published is applied

  const rows = await store.getFeatures([brokenRules, largePurchases, wrongCodes, countries, largestBurst], USER_IDS)
  await worker.stop()
  await running // rejects if the worker had to give up
  await bus.close()

  const flagged = rows.flatMap(({ features }, n) => {
    const broken = features.broken_rules.value ?? []
    if (broken.length === 0) return []
    const large = features.large_purchases.value
    const codes = features.wrong_codes.value
    const from = features.countries.value.join(" ")
    return [{ user: USER_IDS[n], large, codes, from, burst: features.largest_burst.value, broken: broken.join(", ") }]
  })
  return { events: events.length, users: USER_IDS.length, flagged }
}
