import { VIOLATION_KINDS, type Violation } from "./check.js"
import type { FaultName } from "./kinds/index.js"
import type { Trial } from "./trial.js"

/** What trials came to, of one kind of fault or of all. */
export class Totals {
  readonly #trials: Trial[] = []

  add(trial: Trial): void {
    this.#trials.push(trial)
  }

  get trials(): number {
    return this.#trials.length
  }

  get events(): number {
    return this.#trials.reduce((sum, { events }) => sum + events, 0)
  }

  get failing(): readonly Trial[] {
    return this.#trials.filter(({ violations }) => violations.length > 0)
  }

  /** How many things of one kind were wrong. */
  count(kind: Violation["kind"]): number {
    return this.#trials.flatMap(({ violations }) => violations).filter((violation) => violation.kind === kind).length
  }

  /** Milliseconds of all take-overs after a death; `undefined` when nobody died. */
  get takeOver(): { readonly p50: number; readonly p99: number; readonly max: number } | undefined {
    const sorted = this.#trials.flatMap(({ takeOversMs }) => takeOversMs).sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
    const [p50, p99, max] = [at(0.5), at(0.99), at(1)]
    return p50 === undefined || p99 === undefined || max === undefined ? undefined : { p50, p99, max }
  }

  /** Milliseconds; `undefined` when there was no unaffected entity. */
  get longestStall(): number | undefined {
    const stalls = this.#trials.flatMap(({ longestStallMs }) => longestStallMs ?? [])
    return stalls.length === 0 ? undefined : Math.round(Math.max(...stalls))
  }

  of(fault: FaultName): Totals {
    const totals = new Totals()
    for (const trial of this.#trials) if (trial.fault === fault) totals.add(trial)
    return totals
  }

  toJSON(): object {
    return {
      trials: this.trials,
      events: this.events,
      ...Object.fromEntries(VIOLATION_KINDS.map((kind) => [kind, this.count(kind)])),
      take_over_ms: this.takeOver ?? null,
      longest_stall_ms: this.longestStall ?? null,
      failing: this.failing.map(({ fault, seed }) => ({ fault, seed })),
    }
  }
}
