import { FabraError } from "../errors.js"
import type { AxiomEvent } from "../event/event.js"
import { encodeEvent } from "../event/wire.js"
import type {
  BusCapabilities,
  EventBus,
  PartitionLag,
  PublishOptions,
  PublishReceipt,
  PublishResult,
  SubscribeOptions,
  Subscription,
} from "./bus.js"
import type { DeadLetterQueue } from "./dead-letter.js"
import type { Position } from "./position.js"

/** An event ready to be appended. */
export interface EncodedEvent {
  readonly eventId: string
  readonly entityId: string
  /** Wire form, checked for size: one line of text, without a line feed, in well-formed Unicode. */
  readonly data: string
}

/**
 * What makes two published events the same one: id *and* entity, so that one id given to events of two entities (an order
 * id, say) never makes one of them vanish. Event ids hold no line feed.
 */
export function dedupeKey(eventId: string, entityId: string): string {
  return `${eventId}\n${entityId}`
}

/** A start for adapters: checks and encodes what is published, so that an adapter only appends. */
export abstract class BaseEventBus implements EventBus {
  abstract readonly capabilities: BusCapabilities
  abstract readonly deadLetters: DeadLetterQueue

  /**
   * Appends events, at least one, each to the partition of its entity, and answers for each, in order. Idempotent on
   * {@link dedupeKey} within the dedupe window, among these events too. Never rejects: what was not taken, or may not have
   * been, is a result with `ok: false`.
   */
  protected abstract append(events: readonly EncodedEvent[], options: PublishOptions): Promise<PublishResult[]>

  abstract subscribe(options: SubscribeOptions): Promise<Subscription>
  abstract lag(group: string): Promise<PartitionLag[]>
  abstract checkpoints(group: string): Promise<(Position | null)[]>
  abstract groups(): Promise<string[]>
  abstract removeGroup(group: string): Promise<boolean>
  abstract close(): Promise<void>

  publish(event: AxiomEvent<string, object>, options?: PublishOptions): Promise<PublishReceipt>
  publish(events: readonly AxiomEvent<string, object>[], options?: PublishOptions): Promise<PublishResult[]>
  async publish(
    events: AxiomEvent<string, object> | readonly AxiomEvent<string, object>[],
    options: PublishOptions = {},
  ): Promise<PublishReceipt | PublishResult[]> {
    if (isMany(events)) return this.#publishMany(events, options)
    const [result] = await this.#publishMany([events], options)
    if (result?.ok) {
      const { ok: _, ...receipt } = result
      return receipt
    }
    throw result?.error ?? new FabraError("internal", "The bus gave no answer for the event.")
  }

  async #publishMany(events: readonly AxiomEvent<string, object>[], options: PublishOptions): Promise<PublishResult[]> {
    const { encoded, slots, results } = encodeAll(events, this.capabilities.maxEventBytes)
    const answers = encoded.length === 0 ? [] : await this.append(encoded, options)
    for (let i = 0; i < slots.length; i++) results[slots[i] as number] = answers[i]
    return results as PublishResult[]
  }
}

/** What can be appended, where each of it stands among all, and the results of what cannot. */
function encodeAll(events: readonly AxiomEvent<string, object>[], maxBytes: number) {
  const results = new Array<PublishResult | undefined>(events.length)
  const encoded: EncodedEvent[] = []
  const slots: number[] = []
  for (const [i, event] of events.entries()) {
    try {
      const data = encodeEvent(event, maxBytes)
      encoded.push({ eventId: event.eventId, entityId: event.entityId, data })
      slots.push(i)
    } catch (error) {
      results[i] = { ok: false, eventId: String(event?.eventId), error: FabraError.from(error) }
    }
  }
  return { encoded, slots, results }
}

function isMany<T>(events: T | readonly T[]): events is readonly T[] {
  return Array.isArray(events)
}
