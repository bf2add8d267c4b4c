// What a bundle of the simulation does in its thread: it runs the seeds it is sent.
import { parentPort } from "node:worker_threads"
import { CONFIGURATIONS, type ConfigurationName } from "./configurations.js"
import { type Outcome, simulate } from "./simulate.js"
import { switchTo } from "./variants.js"

/** Seeds to be run. */
export interface Task {
  readonly configuration: ConfigurationName
  readonly from: number
  readonly to: number
  readonly tracing: boolean
  /** Runs that mutation of the code, by its place among those bundled; default: the code as it is. */
  readonly mutation?: number
}

/** What became of a {@link Task}: of the executions in which nothing was wrong, only how much they did. */
export interface Report {
  readonly task: Task
  readonly seeds: number
  readonly events: number
  readonly failed: readonly Outcome[]
  readonly traces: readonly (readonly string[])[]
}

async function run(task: Task): Promise<Report> {
  const failed: Outcome[] = []
  const traces: (readonly string[])[] = []
  let events = 0
  switchTo(task.mutation)
  // Nobody reads where the thousands of expected errors come from.
  Error.stackTraceLimit = task.tracing ? 10 : 0
  for (let seed = task.from; seed < task.to; seed++) {
    const outcome = await simulate(seed, CONFIGURATIONS[task.configuration], task.tracing)
    events += outcome.events
    if (outcome.trace !== undefined) traces.push(outcome.trace)
    if (outcome.violations.length > 0) failed.push({ ...outcome, trace: undefined })
  }
  return { task, seeds: task.to - task.from, events, failed, traces }
}

parentPort?.on("message", (task: Task) => {
  run(task).then(
    (report) => parentPort?.postMessage(report),
    (error) => {
      throw error
    },
  )
})
