/** `partition 3`, `partitions 1, 2`: for messages to people. */
export function partitionNames(indexes: readonly number[]): string {
  return indexes.length === 1 ? `partition ${indexes[0]}` : `partitions ${indexes.join(", ")}`
}
