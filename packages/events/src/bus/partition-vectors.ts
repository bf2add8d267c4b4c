/**
 * Pins the hash of entity ids, for other languages and for our own future: `[entity id, hash, hash mod 16]`.
 * These values are part of the storage format. Ids beyond ASCII are spelled as escapes, so that no editor changes them.
 */
export const partitionTestVectors: readonly (readonly [entityId: string, hash: number, of16: number])[] = [
  ["a", 444641715, 3],
  ["b", 2193908274, 2],
  ["0", 1693486945, 1],
  [" ", 1026168788, 4],
  ["foobar", 202221276, 12],
  ["user_123", 176451810, 2],
  ["User/42", 1366807132, 12],
  ["order:2026-01-31", 1353434714, 10],
  ["550e8400-e29b-41d4-a716-446655440000", 2531564893, 13],
  ["a b\tc", 2881053245, 13],
  ["\u0000", 91794203, 11],
  ["line\nbreak", 4174211864, 8],
  ["{user}:1", 3656948288, 0],
  ["\u00fc", 3244136902, 6],
  ["M\u00fcller", 4206026394, 10],
  ["u\u0308", 2243293420, 12],
  ["\u20ac", 199267061, 5],
  ["\u65e5\u672c\u8a9e", 3932500114, 2],
  ["\u{1f600}", 855877642, 10],
  ["\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", 2767142110, 14],
  ["x".repeat(1024), 2120413026, 2],
  ["\u00fc".repeat(512), 2764443432, 8],
]
