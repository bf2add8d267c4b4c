import { dedupeKey } from "@fabra/events/adapter"
import { partitionTags } from "./partition-tags.js"

/**
 * Every key of a namespace. The part in braces decides the cluster slot; the keys of one script share it. Names of
 * namespaces and groups hold no braces, so no other part can.
 */
export class Keys {
  /** Hash: how many partitions the namespace has, and since when it exists. */
  readonly meta: string
  /** Stream of dead letters; its slot is that of its whole name. */
  readonly deadLetters: string
  readonly #namespace: string

  constructor(namespace: string) {
    this.#namespace = namespace
    this.meta = `${namespace}:meta`
    this.deadLetters = `${namespace}:dlq`
  }

  /** Remembers that a dead letter has been added. */
  deadLetterSeen(digest: string): string {
    return `{${this.deadLetters}}:key:${digest}`
  }

  /** Written so that its replication can be waited for, beside the dead letters. */
  get deadLetterBarrier(): string {
    return `{${this.deadLetters}}:barrier`
  }

  /** Sorted set: the members of a group, by when they are taken for dead. */
  members(group: string): string {
    return `${this.#namespace}:group:{${group}}:members`
  }

  /** Hash: partition → `consumer\nuntil\nflag`. */
  leases(group: string): string {
    return `${this.#namespace}:group:{${group}}:leases`
  }

  /** The keys of each of so many partitions. */
  partitions(count: number): PartitionKeys[] {
    return partitionTags(count).map((tag, index) => new PartitionKeys(this.#namespace, tag, index))
  }
}

/** The keys of one partition, all in one slot. */
export class PartitionKeys {
  /** The partition's number. */
  readonly index: number
  /** Stream: the events. */
  readonly events: string
  /** Written so that its replication can be waited for. */
  readonly barrier: string
  readonly #dedupe: string
  readonly #attempts: string

  constructor(namespace: string, tag: string, index: number) {
    this.index = index
    this.events = `${namespace}:events:{${tag}}`
    this.barrier = `${namespace}:barrier:{${tag}}`
    this.#dedupe = `${namespace}:dedupe:{${tag}}:`
    this.#attempts = `${namespace}:attempts:{${tag}}:`
  }

  /** String that lives as long as the dedupe window: where the event stands. */
  dedupe(eventId: string, entityId: string): string {
    return this.#dedupe + dedupeKey(eventId, entityId)
  }

  /** Sorted set of `position\nconsumer`: who was about to run a record after an unclean take-over. */
  attempts(group: string): string {
    return this.#attempts + group
  }
}
