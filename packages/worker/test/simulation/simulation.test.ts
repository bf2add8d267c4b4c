import { expect, test } from "vitest"
import { bundleSimulation } from "./bundle.js"
import { CONFIGURATIONS, type ConfigurationName } from "./configurations.js"
import { findViolation } from "./mutate.js"
import { MUTATIONS } from "./mutations.js"
import { runTasks, tasksFor } from "./pool.js"
import { Totals } from "./totals.js"

const LONG = 600_000
const CONFIGURATION_NAMES = Object.keys(CONFIGURATIONS) as ConfigurationName[]
const SEEDS = 128
/** So many executions show nothing where another guard holds. */
const COVERED_EXECUTIONS = 100
const MAX_EXECUTIONS = 6000

test(`${SEEDS * CONFIGURATION_NAMES.length} executions violate no promise`, { timeout: LONG }, async () => {
  const totals = new Totals()
  const failures: string[] = []
  await runTasks(await bundleSimulation(), tasksFor(CONFIGURATION_NAMES, 1, SEEDS), (report) => {
    totals.add(report)
    failures.push(...totals.describe(report))
    return true
  })
  expect(failures).toEqual([])
  expect(totals.seeds).toBe(SEEDS * CONFIGURATION_NAMES.length)
})

test("the same seed is the same execution", { timeout: LONG }, async () => {
  const bundle = await bundleSimulation()
  const traces: string[] = []
  const tasks = [1, 2].map(() => ({ configuration: "apart" as const, from: 7, to: 8, tracing: true }))
  await runTasks(bundle, tasks, (report) => {
    traces.push(...report.traces.map((lines) => lines.join("\n")))
    return true
  })
  expect(traces).toHaveLength(2)
  expect(traces[0]?.length).toBeGreaterThan(1000)
  expect(traces[0]).toBe(traces[1])
})

const caught = MUTATIONS.filter(({ finds }) => finds.length > 0)
test.each(caught)("without its guard it shows: $guard", { timeout: LONG }, async (mutation) => {
  const { kind } = await findViolation(mutation, MAX_EXECUTIONS)
  expect(mutation.finds).toContain(kind)
})

const covered = MUTATIONS.filter(({ finds }) => finds.length === 0)
test.each(covered)("without its guard another holds: $guard, by $covered", { timeout: LONG }, async (mutation) => {
  expect(await findViolation(mutation, COVERED_EXECUTIONS)).toMatchObject({ kind: undefined })
})
