import { bundleSimulation } from "./bundle.js"
import { MUTATIONS, type Mutation } from "./mutations.js"
import { Pool, tasksFor } from "./pool.js"
import type { Report } from "./run.js"
import type { ViolationKind } from "./world.js"

/** What came of a mutation. */
export interface Finding {
  /** Executions until the first violation expected, or all that were run. */
  readonly executions: number
  /** What was found, `undefined` when nothing was. */
  readonly kind: ViolationKind | undefined
  readonly seed: number | undefined
}

/** Runs executions with a guard taken away until it shows, at most `limit` of them. `pool` has all of `MUTATIONS`. */
export async function findViolation(pool: Pool, mutation: Mutation, limit: number): Promise<Finding> {
  const wanted = (kind: ViolationKind) => mutation.finds.length === 0 || mutation.finds.includes(kind)
  let finding: Finding = { executions: 0, kind: undefined, seed: undefined }
  const onReport = ({ seeds, failed }: Report) => {
    finding = { ...finding, executions: finding.executions + seeds }
    for (const { seed, violations } of failed) {
      const found = violations.find(({ kind }) => wanted(kind))
      if (found !== undefined) finding = { ...finding, kind: found.kind, seed }
    }
    return finding.kind === undefined
  }
  const tasks = tasksFor([mutation.config], mutation.from ?? 1, limit, 1)
  // Most show at once: one thread, which stops at the first that shows.
  await pool.run(
    tasks.map((task) => ({ ...task, mutation: MUTATIONS.indexOf(mutation) })),
    onReport,
    1,
  )
  return finding
}

/** The simulation with all of `MUTATIONS`. */
export async function openPool(): Promise<Pool> {
  return new Pool(await bundleSimulation(MUTATIONS.map(({ changes }) => changes)))
}
