/**
 * Where a record stands in its partition. Opaque, but comparable: of two positions of one partition the later one is the
 * greater string. A position is never given out twice for different records that a reader could have seen.
 */
export type Position = string
