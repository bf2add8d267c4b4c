import { bundleSimulation } from "./bundle.js"
import type { Mutation } from "./mutations.js"
import { runTasks, tasksFor } from "./pool.js"
import type { Report } from "./run.js"
import type { ViolationKind } from "./world.js"

/** What came of a mutation. */
export interface Finding {
  readonly mutation: Mutation
  /** Executions until the first violation expected, or all that were run. */
  readonly executions: number
  /** What was found, `undefined` when nothing was. */
  readonly kind: ViolationKind | undefined
  readonly seed: number | undefined
}

/** Runs executions with a guard taken away until it shows, at most `limit` of them. */
export async function findViolation(mutation: Mutation, limit: number): Promise<Finding> {
  const bundle = await bundleSimulation(mutation.changes)
  const wanted = (kind: ViolationKind) => mutation.finds.length === 0 || mutation.finds.includes(kind)
  let finding: Finding = { mutation, executions: 0, kind: undefined, seed: undefined }
  const onReport = ({ seeds, failed }: Report) => {
    finding = { ...finding, executions: finding.executions + seeds }
    for (const { seed, violations } of failed) {
      const found = violations.find(({ kind }) => wanted(kind))
      if (found !== undefined) finding = { ...finding, kind: found.kind, seed }
    }
    return finding.kind === undefined
  }
  // Most show within a few executions, which cost ten times as much in a thread that has just begun: one thread, which
  // stops at the first that shows.
  await runTasks(bundle, tasksFor([mutation.config], mutation.from ?? 1, limit, 1), onReport, 1)
  return finding
}
