import { checkWhole } from "../check-whole.js"

/** How many partitions a namespace gets when nothing else is said. */
export const DEFAULT_PARTITIONS = 16
/** Most partitions a namespace can have. */
export const MAX_PARTITIONS = 1024

const encoder = new TextEncoder()

/**
 * Hash of an entity id: 32-bit FNV-1a over its UTF-8 bytes, finished with MurmurHash3's `fmix32` so that the low bits
 * are as good as the high ones. Part of the storage format: it never changes. {@link partitionTestVectors} pins it.
 *
 * Sources: http://www.isthe.com/chongo/tech/comp/fnv/ and https://github.com/aappleby/smhasher (both public domain).
 */
export function hashEntityId(entityId: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < entityId.length; i++) {
    const unit = entityId.charCodeAt(i)
    if (unit > 0x7f) return finish(hashBytes(encoder.encode(entityId)))
    hash = Math.imul(hash ^ unit, 0x01000193)
  }
  return finish(hash)
}

function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash
}

function finish(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The partition of an entity among `partitions`: `hashEntityId(entityId) mod partitions`. */
export function partitionOf(entityId: string, partitions: number): number {
  return hashEntityId(entityId) % partitions
}

/** @throws FabraError `invalid_argument` unless `partitions` is a whole number from 1 to {@link MAX_PARTITIONS} */
export function checkPartitions(partitions: number): void {
  checkWhole("partitions", partitions, [1, MAX_PARTITIONS])
}
