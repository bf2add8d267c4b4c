import type { EntityKey } from "@fabra/core/adapter"
import { slotOf } from "@fabra/redis-transport"
import { type Keys, REMOVED, STATE } from "../keyspace/keys.js"
import type { Reply, Request } from "../transport/delivery.js"

/** What removals have left behind in one place. */
export interface KnownTombstones {
  /** Token of the last removal; `undefined` when there was none. */
  readonly token: string | undefined
  /** By group. */
  readonly states: ReadonlyMap<string, string>
}

const NONE: KnownTombstones = { token: undefined, states: new Map() }

/**
 * What this process knows of the tombstones. Loading would cost more if it asked each time. What is known may be old: the
 * script refuses what was computed from that, and then they are asked for.
 *
 * A record and the tombstones that stand for it must be changed by one script. So there is one place for all on a single
 * server, and one for each slot of a cluster.
 */
export class TombstoneBook {
  readonly #keys: Keys
  readonly #spread: boolean
  readonly #known = new Map<string, KnownTombstones>()

  constructor(keys: Keys, spread: boolean) {
    this.#keys = keys
    this.#spread = spread
  }

  /** The key of the tombstones that stand for an entity. */
  keyOf(entity: EntityKey): string {
    return this.#keys.tombstones(this.#spread ? tagOf(slotOf(this.#keys.entity(entity))) : undefined)
  }

  /** As far as is known. */
  of(entity: EntityKey): KnownTombstones {
    // Nearly always there are none at all.
    return this.#known.size === 0 ? NONE : (this.#known.get(this.keyOf(entity)) ?? NONE)
  }

  /** The requests that ask for the tombstones of these entities; {@link learn} takes the replies. */
  ask(entities: readonly EntityKey[]): Request[] {
    const keys = new Set(entities.map((entity) => this.keyOf(entity)))
    return [...keys].map((key) => ({ key, name: "HGETALL", args: [key] }))
  }

  /** @throws the error of a request that has failed */
  learn(requests: readonly Request[], replies: readonly Reply[]): void {
    for (const [i, { key }] of requests.entries()) {
      const reply = replies[i] as Reply
      if (!reply.ok) throw reply.error
      const fields = reply.value as readonly string[]
      const states = new Map<string, string>()
      let token: string | undefined
      for (let j = 0; j < fields.length; j += 2) {
        const [field, value] = [fields[j] as string, fields[j + 1] as string]
        if (field === REMOVED) token = value
        else if (field.startsWith(STATE)) states.set(field.slice(STATE.length), value)
      }
      this.#known.set(key, { token, states })
    }
  }
}

const tags: string[] = []
let tried = 0

/** A short text that lies in a slot. Some 90,000 have to be tried, a tenth of a second, until there is one for each. */
function tagOf(slot: number): string {
  for (;;) {
    const tag = tags[slot]
    if (tag !== undefined) return tag
    const next = (tried++).toString(36)
    tags[slotOf(next)] ??= next
  }
}
