import type { PartitionSession } from "../partition/partition-session.js"
import { type Lane, newLane } from "./lane.js"

/** By type of entity, then by id: to join them to one key would cost every event a string. */
type SessionLanes = Map<string, Map<string, Lane>>

/** The lanes of all partition sessions of one worker. */
export class Lanes {
  readonly #bySession = new Map<PartitionSession, SessionLanes>()

  /** The entity's lane; a new one when it has none. */
  open(session: PartitionSession, entityType: string, entityId: string): Lane {
    let ofSession = this.#bySession.get(session)
    if (ofSession === undefined) {
      ofSession = new Map()
      this.#bySession.set(session, ofSession)
    }
    let ofType = ofSession.get(entityType)
    if (ofType === undefined) {
      ofType = new Map()
      ofSession.set(entityType, ofType)
    }
    let lane = ofType.get(entityId)
    if (lane === undefined) {
      lane = newLane({ entityType, entityId }, session)
      ofType.set(entityId, lane)
    }
    return lane
  }

  /** The entity's lane if it has one. */
  find(session: PartitionSession, entityType: string, entityId: string): Lane | undefined {
    return this.#bySession.get(session)?.get(entityType)?.get(entityId)
  }

  /** Lets go of an idle lane, unless it has deferred records. */
  forget(lane: Lane): void {
    const { session, key } = lane
    if (!session.overflow.has(lane)) this.#bySession.get(session)?.get(key.entityType)?.delete(key.entityId)
  }

  /** Lets go of all lanes of a session, and returns them. */
  drop(session: PartitionSession): Lane[] {
    const ofSession = this.#bySession.get(session)
    this.#bySession.delete(session)
    return [...(ofSession?.values() ?? [])].flatMap((ofType) => [...ofType.values()])
  }
}
