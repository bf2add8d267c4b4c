/** The middle of some measurements, and how far they are apart. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Each, in the order of the rounds. */
  readonly values: readonly number[]
}

/**
 * Measures each case once a round, so that what changes on the machine meanwhile hits all of them alike. Answers with all
 * measurements of each case, in the order of the cases.
 */
export async function interleave<Case, Result>(
  cases: readonly Case[],
  rounds: number,
  measure: (one: Case) => Promise<Result>,
): Promise<[Case, Result[]][]> {
  const all = cases.map((one): [Case, Result[]] => [one, []])
  for (let round = 0; round < rounds; round++) {
    for (const [one, results] of all) results.push(await measure(one))
  }
  return all
}

/** @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
  return { median: medianOf(values), min: Math.min(...values), max: Math.max(...values), values }
}

/** How many times as much it is as another, in the middle: of each round first, as the machine is not as fast in all. */
export function ratioOf(one: Spread, other: Spread): number {
  return medianOf(one.values.map((value, round) => value / (other.values[round] as number)))
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  return ((sorted[Math.ceil(half - 1)] as number) + (sorted[Math.floor(half)] as number)) / 2
}

/** The value below which a share `q` of the sorted values lies. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number
}
