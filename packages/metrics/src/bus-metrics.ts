import { type BusServer, type EventBus, FabraError, type PartitionLag } from "@fabra/events"
import type { Gauge, Registry } from "prom-client"
import { definitions, type MetricDefinition } from "./definitions.js"
import { makeGauge } from "./make.js"

/** The longest that a scrape waits for the bus. */
const DEADLINE_MS = 2000
/** So long an answer is used again: several scrapers, or an eager one, cost the bus no more than one. */
const FRESH_MS = 1000

interface Status {
  readonly lag: readonly PartitionLag[]
  readonly servers: readonly BusServer[]
  readonly deadLetters: { readonly count: number; readonly oldestAt: number | null }
}

/** Reads lag, dead letters and the state of servers from the bus when they are scraped. What the bus does not answer in time is left out. */
export function addBusMetrics(registry: Registry, bus: EventBus, group: string): void {
  const status = new StatusReader(bus, group)
  const gauge = (definition: MetricDefinition, set: (gauge: Gauge, status: Status) => void) =>
    makeGauge(definition, registry, async (made) => {
      const now = await status.read()
      made.reset()
      if (now !== undefined) set(made, now)
      else if (definition.labels.length === 0) made.remove() // reset has left a 0
    })
  const serverGauge = (definition: MetricDefinition, numberOf: (server: BusServer) => number | null) =>
    gauge(definition, (made, { servers }) => {
      for (const server of servers) {
        const value = numberOf(server)
        if (value !== null) made.set({ server: server.name }, value)
      }
    })
  makeGauge(definitions.busUp, registry, async (up) => up.set((await status.read()) === undefined ? 0 : 1))
  serverGauge(definitions.busReplicas, ({ replicas }) => replicas)
  serverGauge(definitions.busWaits, ({ waitsForReplica }) => Number(waitsForReplica))
  serverGauge(definitions.busMemory, ({ usedBytes }) => usedBytes)
  serverGauge(definitions.busMemoryLimit, ({ maxBytes }) => maxBytes ?? 0)
  gauge(definitions.lagEvents, (made, { lag }) => {
    for (const { partition, events } of lag) made.set({ group, partition }, events)
  })
  gauge(definitions.lagSeconds, (made, { lag }) => {
    for (const { partition, oldestAgeMs } of lag) made.set({ group, partition }, (oldestAgeMs ?? 0) / 1000)
  })
  gauge(definitions.quarantined, (made, { lag }) => {
    for (const { partition, quarantined } of lag) made.set({ group, partition }, quarantined)
  })
  gauge(definitions.ownedSeconds, (made, { lag }) => {
    for (const { partition, ownedMs } of lag) made.set({ group, partition }, (ownedMs ?? 0) / 1000)
  })
  gauge(definitions.partitionsUnowned, (made, { lag }) =>
    made.set({ group }, lag.filter(({ owner }) => owner === null).length),
  )
  gauge(definitions.queueEntries, (made, { deadLetters }) => made.set(deadLetters.count))
  gauge(definitions.queueAge, (made, { deadLetters: { oldestAt } }) =>
    made.set(oldestAt === null ? 0 : Math.max(0, Date.now() - oldestAt) / 1000),
  )
}

/** Asks the bus once for all who ask at about the same time. */
class StatusReader {
  readonly #bus: EventBus
  readonly #group: string
  #reading: Promise<Status | undefined> | undefined
  #readAt = 0

  constructor(bus: EventBus, group: string) {
    this.#bus = bus
    this.#group = group
  }

  /** `undefined` when the bus does not answer in time. Never rejects. */
  read(): Promise<Status | undefined> {
    const now = performance.now()
    if (this.#reading === undefined || now - this.#readAt > FRESH_MS) {
      this.#readAt = now
      this.#reading = this.#ask()
    }
    return this.#reading
  }

  async #ask(): Promise<Status | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, DEADLINE_MS, undefined)
    })
    try {
      const answers = Promise.all([this.#lag(), this.#bus.deadLetters.stats(), this.#bus.servers?.() ?? []])
      const answered = await Promise.race([answers, late])
      return answered && { lag: answered[0], deadLetters: answered[1], servers: answered[2] }
    } catch {
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  /** A group that no worker has joined yet has no lag to speak of. */
  async #lag(): Promise<readonly PartitionLag[]> {
    try {
      return await this.#bus.lag(this.#group)
    } catch (error) {
      if (FabraError.from(error).code === "not_found") return []
      throw error
    }
  }
}
