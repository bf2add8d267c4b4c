import type { Reader } from "./contender.js"
import { expectedTotals, type WorkloadSpec } from "./workload.js"

const IDS_AT_ONCE = 1000

/** How many entities do not have exactly the features that the workload makes of them. */
export async function countWrongEntities(spec: WorkloadSpec, reader: Reader): Promise<number> {
  const expected = [...expectedTotals(spec)]
  const { features } = spec
  let wrong = 0
  for (let i = 0; i < expected.length; i += IDS_AT_ONCE) {
    const some = expected.slice(i, i + IDS_AT_ONCE)
    const found = await reader.read(some.map(([entityId]) => entityId))
    for (const [j, [, { last, count, sum }]] of some.entries()) {
      const is = found[j]
      // A workload of one or two features leaves the others out.
      const isRight =
        (reader.without === "last" || is?.last === last) &&
        is !== undefined &&
        (features < 2 || is.count === count) &&
        (features < 3 || is.sum === sum)
      if (!isRight) wrong++
    }
  }
  return wrong
}
