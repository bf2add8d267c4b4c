import type { Position } from "@fabra/events"
import type { AttemptKind, PartitionBatch, ReadOptions, Subscription } from "@fabra/events/adapter"

/** A subscription that does what another one does: a broken one changes a method of it. */
export class PassingSubscription implements Subscription {
  readonly inner: Subscription

  constructor(inner: Subscription) {
    this.inner = inner
  }

  read(options: ReadOptions): Promise<PartitionBatch[]> {
    return this.inner.read(options)
  }

  checkpoint(partition: number, position: Position, records: number): Promise<void> {
    return this.inner.checkpoint(partition, position, records)
  }

  seek(partition: number, position: Position | null): void {
    this.inner.seek(partition, position)
  }

  pause(partition: number): void {
    this.inner.pause(partition)
  }

  resume(partition: number): void {
    this.inner.resume(partition)
  }

  noteAttempts(partition: number, positions: readonly Position[], how: AttemptKind): Promise<readonly number[]> {
    return this.inner.noteAttempts(partition, positions, how)
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}
