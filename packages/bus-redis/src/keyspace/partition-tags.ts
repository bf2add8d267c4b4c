import slotOf from "cluster-key-slot"

/** Hash slots of a Redis Cluster, https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/. */
const SLOTS = 16_384

/**
 * The hash tag of each partition: for partition `p` of `P` the first of `p.0`, `p.1`, … whose slot lies in the p-th of P
 * equal stretches of all slots. A cluster whose nodes own equal stretches so gets equal shares of the partitions, which
 * plain numbers do not give. Part of the storage format: it never changes.
 */
export function partitionTags(partitions: number): string[] {
  return Array.from({ length: partitions }, (_, partition) => {
    const from = (partition * SLOTS) / partitions
    const to = ((partition + 1) * SLOTS) / partitions
    for (let n = 0; ; n++) {
      const tag = `${partition}.${n}`
      const slot = slotOf(tag)
      if (slot >= from && slot < to) return tag
    }
  })
}
