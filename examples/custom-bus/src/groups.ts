import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import type { Position } from "@fabra/events"
import { groupInUse, livingConsumers, type Member } from "@fabra/events/adapter"
import { numberOf } from "./segments.js"

/** Who holds something, and until when, in epoch milliseconds. */
export interface Lease {
  readonly consumer: string
  readonly life: string
  readonly takenAt: number
  readonly until: number
}

/** A consumer's note that it is about to run a record. */
export interface Attempt {
  readonly position: Position
  readonly consumer: string
}

/** What a group has said about one partition. */
export interface GroupPartition {
  checkpoint: Position | null
  lease: Lease | null
  /** Behind the checkpoint. */
  attempts: Attempt[]
}

/** A consumer group. Lists throughout: a name may be `__proto__`. */
export interface Group {
  readonly name: string
  members: readonly Member[]
  readonly partitions: GroupPartition[]
}

/** The groups of a namespace: one small file, replaced as a whole. */
export class Groups {
  readonly #path: string
  readonly #partitions: number

  constructor(path: string, partitions: number) {
    this.#path = path
    this.#partitions = partitions
  }

  /** What is stored now; may be read without the lock. */
  read(): Group[] {
    try {
      return JSON.parse(readFileSync(this.#path, "utf8")) as Group[]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
      throw error
    }
  }

  /** Changes a group, which is there from now on if it was not, and stores it. Under the lock. */
  change<T>(name: string, change: (group: Group) => T): T {
    const groups = this.read()
    let group = groups.find((other) => other.name === name)
    if (group === undefined) {
      const partitions = Array.from({ length: this.#partitions }, () => ({
        checkpoint: null,
        lease: null,
        attempts: [],
      }))
      group = { name, members: [], partitions }
      groups.push(group)
    }
    const result = change(group)
    replaceFile(this.#path, JSON.stringify(groups))
    return result
  }

  /** @returns whether there was such a group @throws FabraError `invalid_argument` while it has living members */
  remove(name: string, now: number): boolean {
    const groups = this.read()
    const group = groups.find((other) => other.name === name)
    if (group === undefined) return false
    const living = livingConsumers(group.members, now)
    if (living.length > 0) throw groupInUse(name, living)
    replaceFile(this.#path, JSON.stringify(groups.filter((other) => other !== group)))
    return true
  }

  /** For each partition, the number of the last record that every group has settled; 0 while there is no group. */
  settled(): number[] {
    const groups = this.read()
    return Array.from({ length: this.#partitions }, (_, index) => {
      const numbers = groups.map(({ partitions }) => numberOf(partitions[index]?.checkpoint ?? null))
      return numbers.length === 0 ? 0 : Math.min(...numbers)
    })
  }
}

/** Under the lock, for there is one name for what is being written. A crash leaves the old text or the new one. */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.new`
  const file = openSync(draft, "w")
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
}
