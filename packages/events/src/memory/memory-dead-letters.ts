import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterQueue,
  deadLetterKey,
  discardEvent,
  matchesFilter,
  type NewDeadLetter,
  type ReplayOutcome,
  replayEvent,
} from "../bus/dead-letter.js"
import { FabraError } from "../errors.js"
import type { AxiomEvent } from "../event/event.js"

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

/** The dead letters of a {@link MemoryEventBus}. */
export class MemoryDeadLetters implements DeadLetterQueue {
  readonly #publish: (event: AxiomEvent) => Promise<unknown>
  readonly #now: () => number
  readonly #entries = new Map<string, { text: string; arrivedAt: number }>()
  readonly #known = new Set<string>()
  #counter = 0

  constructor(publish: (event: AxiomEvent) => Promise<unknown>, now: () => number) {
    this.#publish = publish
    this.#now = now
  }

  async append(entries: readonly NewDeadLetter[]): Promise<void> {
    for (const entry of entries) {
      const key = deadLetterKey(entry)
      if (this.#known.has(key)) continue
      this.#known.add(key)
      const id = String(++this.#counter).padStart(12, "0")
      this.#entries.set(id, { text: JSON.stringify({ id, ...entry }), arrivedAt: this.#now() })
    }
  }

  async list(
    filter: DeadLetterFilter = {},
    { after = "", limit = DEFAULT_LIMIT }: { after?: string; limit?: number } = {},
  ): Promise<DeadLetterPage> {
    const size = Math.min(limit, MAX_LIMIT)
    const entries: DeadLetter[] = []
    for (const [id, { text }] of this.#entries) {
      if (id <= after) continue
      const entry = JSON.parse(text) as DeadLetter
      if (!matchesFilter(entry, filter)) continue
      if (entries.length === size) return { entries, next: entries.at(-1)?.id ?? null }
      entries.push(entry)
    }
    return { entries, next: null }
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const found = this.#entries.get(id)
    return found && (JSON.parse(found.text) as DeadLetter)
  }

  async replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    const outcomes: ReplayOutcome[] = []
    for (const id of ids) outcomes.push(await this.#replayOne(id))
    return outcomes
  }

  async #replayOne(id: string): Promise<ReplayOutcome> {
    const entry = await this.get(id)
    if (entry === undefined) return { id, status: "not_found" }
    try {
      await this.#publish(replayEvent(entry))
    } catch (error) {
      return { id, status: "failed", error: FabraError.from(error) }
    }
    this.#entries.delete(id)
    return { id, status: "replayed" }
  }

  async discard(ids: readonly string[]): Promise<number> {
    let discarded = 0
    for (const id of ids) {
      const entry = await this.get(id)
      if (entry === undefined) continue
      const event = readable(() => discardEvent(entry))
      if (event !== undefined) await this.#publish(event)
      if (this.#entries.delete(id)) discarded++
    }
    return discarded
  }

  /** Forgets all of them, and what events they came of. */
  clear(): void {
    this.#entries.clear()
    this.#known.clear()
  }

  async stats(): Promise<{ count: number; oldestAt: number | null }> {
    const [oldest] = this.#entries.values()
    return { count: this.#entries.size, oldestAt: oldest?.arrivedAt ?? null }
  }
}

/** What could not be read has left nothing to forget in any record. */
function readable(make: () => AxiomEvent): AxiomEvent | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
