/**
 * Pins the hash of entity ids, for other languages and for our own future: `[entity id, hash, hash mod 16]`.
 * These values are part of the storage format.
 */
export const partitionTestVectors: readonly (readonly [entityId: string, hash: number, of16: number])[] = []
