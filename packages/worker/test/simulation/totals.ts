import type { ConfigurationName } from "./configurations.js"
import type { Report } from "./run.js"
import type { ViolationKind } from "./world.js"

/** An execution in which something was wrong. */
export interface Failing {
  readonly seed: number
  readonly config: ConfigurationName
}

/** What many executions came to. */
export class Totals {
  seeds = 0
  events = 0
  /** Executions with at least one violation of the kind. */
  readonly kinds: Record<ViolationKind, number> = {
    lost: 0,
    duplicated: 0,
    reordered: 0,
    half_visible: 0,
    collateral: 0,
    stuck: 0,
    fault: 0,
  }
  readonly failing: Failing[] = []

  add({ task, seeds, events, failed }: Report): void {
    this.seeds += seeds
    this.events += events
    for (const { seed, violations } of failed) {
      this.failing.push({ seed, config: task.configuration })
      for (const kind of new Set(violations.map((violation) => violation.kind))) this.kinds[kind]++
    }
  }

  /** A line for each failed execution: what was wrong, and how to see it again. */
  describe({ task, failed }: Report): string[] {
    return failed.map(({ seed, violations: [first, ...more] }) => {
      const others = more.length === 0 ? "" : ` (and ${more.length} more)`
      const command = `npm run simulate -- --seed ${seed} --config ${task.configuration} --trace`
      return `${first?.kind}: ${first?.what}${others}\n  ${command}`
    })
  }

  sentence(): string {
    const kinds = Object.entries(this.kinds).filter(([, count]) => count > 0)
    const told = kinds.map(([kind, count]) => `${count} ${kind}`).join(", ")
    const executions = `${this.seeds} executions, ${this.events} events: `
    if (this.failing.length > 0) return `${executions}${this.failing.length} violated a promise (${told}).`
    // The rule of three: with none in n, the true rate is below 3/n at 95 % confidence.
    return `${executions}none violated a promise (at 95 %: fewer than 1 in ${Math.floor(this.seeds / 3)}).`
  }

  toJSON(): object {
    const { seeds, events, kinds, failing } = this
    return { seeds, events, ...kinds, failing_seeds: failing }
  }
}
