import type { PartitionBatch } from "@fabra/events/adapter"

/** Records, of one partition or several, that are worked on together. */
export interface Part {
  readonly batches: PartitionBatch[]
  /** Of all of them together. */
  records: number
}

/** Divides what was read, in order, into parts of at most `most` records. */
export function inParts(read: readonly PartitionBatch[], most: number): readonly Part[] {
  const parts: Part[] = []
  let part: Part | undefined
  for (const { partition, records } of read) {
    for (let from = 0; from < records.length; ) {
      if (part === undefined || part.records === most) {
        part = { batches: [], records: 0 }
        parts.push(part)
      }
      const some = records.slice(from, from + most - part.records)
      part.batches.push({ partition, records: some })
      part.records += some.length
      from += some.length
    }
  }
  return parts
}
