interface Orphan {
  readonly dead: string
  readonly since: number
}

/** How long partitions of dead workers wait until somebody else applies an event of them. */
export class TakeOvers {
  /** Milliseconds, one for each partition that a dead worker had. */
  readonly samples: number[] = []
  readonly #orphans = new Map<number, Orphan>()

  /** A worker has died, at a time of the machine. */
  died(worker: string, partitions: Iterable<number>, at: number): void {
    for (const partition of partitions) this.#orphans.set(partition, { dead: worker, since: at })
  }

  /** A worker has applied an event. */
  applied(worker: string, partition: number, at: number): void {
    const orphan = this.#orphans.get(partition)
    if (orphan === undefined || orphan.dead === worker || at < orphan.since) return
    this.#orphans.delete(partition)
    this.samples.push(at - orphan.since)
  }

  /** Partitions that still wait. */
  get waiting(): number {
    return this.#orphans.size
  }
}
