import type { Registry } from "@fabra/core/adapter"
import type { Lane } from "../lane/lane.js"
import type { PartitionSession } from "../partition/partition-session.js"

/** The lanes of one entity: one that is worked on, and those that wait for their turn. */
interface Turn {
  holder: Lane | undefined
  readonly waiting: Lane[]
  /** Has the entity's record while no lane is worked on. */
  keeper: Lane | undefined
}

/**
 * Lets the lanes of one entity take turns. An entity whose features have a `key` has events in several partitions, hence several lanes,
 * and all of them change one record: at the same time they would only meet conflicts. Lanes of other workers still do.
 */
export class Turns {
  readonly #registry: Registry
  /** By type of entity, then by id. */
  readonly #turns = new Map<string, Map<string, Turn>>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Whether events of several partitions change the entity of this lane. */
  isShared({ key }: Lane): boolean {
    return this.#registry.keyedTypes.has(key.entityType)
  }

  /** Whether the lane may be worked on now; else it waits until it is returned by {@link pass} or {@link forget}. */
  take(lane: Lane): boolean {
    const { entityType, entityId } = lane.key
    let ofType = this.#turns.get(entityType)
    if (ofType === undefined) {
      ofType = new Map()
      this.#turns.set(entityType, ofType)
    }
    const turn = ofType.get(entityId)
    if (turn === undefined) {
      ofType.set(entityId, { holder: lane, waiting: [], keeper: undefined })
      return true
    }
    turn.holder ??= lane
    if (turn.holder === lane) return true
    turn.waiting.push(lane)
    return false
  }

  /** Another lane of the entity that has its record. */
  keeperFor(lane: Lane): Lane | undefined {
    const keeper = this.#turnOf(lane)?.keeper
    return keeper === lane ? undefined : keeper
  }

  /**
   * The lane is not worked on any more. Returns the lane whose turn it is now, if any waits.
   * @param keeps the lane keeps the record until then
   */
  pass(lane: Lane, keeps: boolean): Lane | undefined {
    const turn = this.#turnOf(lane)
    if (turn?.holder !== lane) return undefined
    turn.holder = turn.waiting.shift()
    turn.keeper = keeps ? lane : undefined
    this.#tidy(lane, turn)
    return turn.holder
  }

  /** The lane has lost the record that it kept. */
  forgetKeeper(lane: Lane): void {
    const turn = this.#turnOf(lane)
    if (turn?.keeper !== lane) return
    turn.keeper = undefined
    this.#tidy(lane, turn)
  }

  /** A session has ended. Returns the lanes of others that have waited for its lanes. */
  forget(session: PartitionSession): Lane[] {
    const freed: Lane[] = []
    for (const ofType of this.#turns.values()) {
      for (const turn of [...ofType.values()]) {
        const others = turn.waiting.filter((lane) => lane.session !== session)
        turn.waiting.splice(0, turn.waiting.length, ...others)
        const { holder, keeper } = turn
        if (keeper?.session === session) this.forgetKeeper(keeper)
        if (holder?.session !== session) continue
        const next = this.pass(holder, false)
        if (next !== undefined) freed.push(next)
      }
    }
    return freed
  }

  #turnOf({ key }: Lane): Turn | undefined {
    return this.#turns.get(key.entityType)?.get(key.entityId)
  }

  #tidy({ key }: Lane, { holder, keeper }: Turn): void {
    if (holder === undefined && keeper === undefined) this.#turns.get(key.entityType)?.delete(key.entityId)
  }
}
