import { randomUUID } from "node:crypto"
import type { EventBus } from "@fabra/events"

const names = new WeakMap<EventBus, string>()

/** Names a bus, so that positions are compared with those of the same bus only. */
export function sourceOf(bus: EventBus): string {
  const { name, persistent } = bus.capabilities
  if (persistent) return name
  // One that is gone with its process counts from the beginning again in the next.
  const known = names.get(bus) ?? `${name}-${randomUUID()}`
  names.set(bus, known)
  return known
}
