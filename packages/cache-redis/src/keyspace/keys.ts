import type { EntityKey } from "@fabra/core/adapter"
import { hashEntityId } from "@fabra/events/adapter"

/**
 * Over how many sets the ids of one entity type are spread. Part of the storage format: it never changes.
 */
export const INDEX_SHARDS = 16

/** Field with the token of the last direct write. */
export const LAST_WRITE = "w"

/** Field with the tokens of the last direct writes, newest first, a line feed before and after each. */
export const LAST_WRITES = "W"

/** Field, among the tombstones, with the token of the last removal. */
export const REMOVED = "r"

/** How the fields of groups begin: see {@link groupFields}. */
export const TOKEN = "t:"
export const STATE = "s:"
export const FLAG = "d:"

/** Where things lie in Redis. Names hold no `/` and no braces, so nothing below can be read in two ways. */
export class Keys {
  constructor(readonly namespace: string) {}

  /** The hash with all that is known of one entity. */
  entity({ entityType, entityId }: EntityKey): string {
    return [this.namespace, ":entity:", entityType, "/", entityId].join("")
  }

  /** The hash with what removals have left. @param tag one that lies in the slot of the entity, on a cluster */
  tombstones(tag?: string): string {
    return tag === undefined ? `${this.namespace}:remains` : `${this.namespace}:remains:{${tag}}`
  }

  /** The set in which an id stands. */
  indexOf({ entityType, entityId }: EntityKey): string {
    return this.index(entityType, hashEntityId(entityId) % INDEX_SHARDS)
  }

  /** One of the sets with the ids of a type. */
  index(entityType: string, shard: number): string {
    return `${this.namespace}:ids:{${entityType}/${shard}}`
  }
}

/** Names of one group's fields in an entity's hash. */
export interface GroupFields {
  readonly token: string
  readonly state: string
  /** Before each flag. */
  readonly flag: string
}

/** @see GroupFields */
export function groupFields(group: string): GroupFields {
  return { token: TOKEN + group, state: STATE + group, flag: `${FLAG}${group}/` }
}

/** Name of a feature's field in an entity's hash. */
export function featureField(feature: string): string {
  return `f:${feature}`
}
