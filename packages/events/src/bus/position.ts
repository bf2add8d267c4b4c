/**
 * Where a record stands in its partition. Opaque, but comparable: of two positions of one partition the later one is the
 * greater string. A position is never given out twice for different records that a reader could have seen, also not after
 * the engine lost its end (a restored snapshot, a replica that took over): records of the cache skip events at or before the
 * last position they have seen, so new events at positions of lost ones would be taken for old, in silence.
 */
export type Position = string
