import { MemoryEventBus, systemClock } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { amountRatio, attempts, brokenRules, countries, spend, store, taken, terminalRisk } from "./features.js"
import { CARDS, END, stream, TERMINALS } from "./stream.js"

/** Runs the stream through a worker, and reads as at its end which cards break a rule, and how risky terminals are. */
export async function flagged() {
  const bus = new MemoryEventBus()
  store.connect({ clock: { ...systemClock, now: () => END } })
  const worker = new AxiomWorker(store, { bus })
  const running = worker.run()
  const events = stream()
  for (const event of events) await bus.publish(event)
  await worker.idle() // all that has been published is applied

  const wanted = [brokenRules, spend.sum["7d"], attempts.count["10m"], countries.distinct["90d"], amountRatio] as const
  const rows = await store.getFeatures(wanted, CARDS)
  const terminals = await store.getFeatures([taken.count["1d"], taken.sum["30d"], terminalRisk], TERMINALS)
  await worker.stop()
  await running // rejects if the worker had to give up
  await bus.close()

  const cards = rows.flatMap(({ entityId, features }) => {
    const broken = features.broken_rules.value ?? []
    if (broken.length === 0) return []
    return [
      {
        card: entityId,
        spend_7d: features.spend_sum_7d.value,
        attempts_10m: features.attempts_count_10m.value,
        countries_90d: features.countries_distinct_90d.value,
        ratio: round(features.amount_ratio.value ?? 1),
        broken: broken.join(", "),
      },
    ]
  })
  return {
    events: events.length,
    cards,
    terminals: terminals.map(({ entityId, features }) => ({
      terminal: entityId,
      payments_1d: features.taken_count_1d.value,
      taken_30d: features.taken_sum_30d.value,
      risk: round(features.terminal_risk.value ?? 0),
    })),
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
