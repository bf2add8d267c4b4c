import { MemoryEventBus, type MemoryEventBusOptions } from "@fabra/events"
import type { SubscribeOptions, Subscription } from "@fabra/events/adapter"

/** How a fixture makes its bus. */
export type BusMaker = new (options: MemoryEventBusOptions) => MemoryEventBus

/** A bus with one fault, and the promises that the suite must find broken. */
export interface BrokenBus {
  readonly fault: string
  readonly Bus: BusMaker
  /** Titles of tests, all of which must fail. */
  readonly breaks: readonly string[]
}

/** A bus whose fault lies in its subscriptions. */
export function withSubscription(wrap: (inner: Subscription, options: SubscribeOptions) => Subscription): BusMaker {
  return class extends MemoryEventBus {
    override async subscribe(options: SubscribeOptions): Promise<Subscription> {
      return wrap(await super.subscribe(options), options)
    }
  }
}

/** A bus whose fault lies in how members are told of things. */
export function withOptions(change: (options: SubscribeOptions) => SubscribeOptions): BusMaker {
  return class extends MemoryEventBus {
    override subscribe(options: SubscribeOptions): Promise<Subscription> {
      return super.subscribe(change(options))
    }
  }
}
