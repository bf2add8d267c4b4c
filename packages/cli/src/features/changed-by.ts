import type { Feature } from "@fabra/core"
import type { Registry } from "@fabra/core/adapter"

/** What changes a feature that no event changes. */
export function changedBy({ scheduledHandlers }: Registry, { name, computedBy }: Feature): string {
  if (computedBy === "reads") return "(computed when read)"
  return `(${scheduledHandlers.get(name)?.schedule.text ?? "set directly"})`
}
