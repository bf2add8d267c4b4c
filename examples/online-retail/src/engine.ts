import type { EventBus } from "@fabra/events"

/** What the events run through: a bus, and one or more workers that apply them. */
export interface Engine {
  readonly bus: EventBus
  /** Consumer group of the workers. */
  readonly group: string
  /** How many events have had their effect. */
  countApplied(): Promise<number>
  /** How often a worker process had to be started again. */
  readonly restarts: number
  /** Kills one worker in the middle of its work, if workers are processes. */
  killWorker?(): void
  /** How many events the workers' metrics say have been processed, if they serve any. */
  countProcessed?(expected: number): Promise<number>
  /** Rejects when the workers cannot go on. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}
